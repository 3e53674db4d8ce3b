"""Policy hosts: one address, the policy by the name that is asked for."""

import http.server
import threading


def serve(address, context, policies):
    """Serves policies by host on port 443 of the address, with the certificates of the context."""

    class Policies(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = policies.get(self.headers.get("Host", ""), b"")
            self.send_response(200 if body and self.path == "/.well-known/mta-sts.txt" else 404)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer((address, 443), Policies)
    # Clients of other roots hang up.
    server.handle_error = lambda *_: None
    # The handshake is the connection's own thread's.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
