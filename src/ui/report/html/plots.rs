//! The charts with axes: adoption by rank, and how long policies may be kept.
//!
//! Drawn by `plotters`, whose SVG backend needs three crates and no fonts. It writes colours into each element; they are replaced here
//! by variables of the style sheet, so that a chart follows the theme. `charming` would need a JavaScript engine to draw, or a script
//! of its own on the page. Every figure of a chart stands in a table, too, so that a chart is never the only way to it.

use maud::{Markup, PreEscaped, html};
use plotters::prelude::*;

use crate::analyse::{Cell, Row, Table};
use crate::ui::report::data::ReportError;

/// Colours that stand for variables of the style sheet.
const INK: RGBColor = RGBColor(1, 1, 1);
const GRID: RGBColor = RGBColor(2, 2, 2);
const FIRST: RGBColor = RGBColor(3, 3, 3);
const SECOND: RGBColor = RGBColor(4, 4, 4);
const VARIABLES: [(&str, &str); 4] =
    [("#010101", "var(--soft)"), ("#020202", "var(--line)"), ("#030303", "var(--series-1)"), ("#040404", "var(--series-2)")];

const SIZE: (u32, u32) = (640, 260);
const LETTERS: i32 = 13;

/// Shares by x, each with its interval.
struct Series {
    title: &'static str,
    colour: RGBColor,
    points: Vec<(f64, f64, f64, f64)>,
}

/// Adoption of both records by rank, with the intervals as bands.
pub(super) fn adoption_by_rank(table: &Table, bin: u32) -> Result<Markup, ReportError> {
    let series = [("sts", "MTA-STS record", FIRST), ("tlsrpt", "TLSRPT record", SECOND)].map(|(key, title, colour)| {
        let at = table.columns.iter().position(|column| column.key == key);
        let points = ranks(table).filter_map(|(first, last, row)| {
            let cell = row.cells.get(at?)?;
            let (share, interval) = (cell.share()?, cell.interval()?);
            Some((f64::midpoint(f64::from(first), f64::from(last)), share * 100.0, interval.low * 100.0, interval.high * 100.0))
        });
        Series { title, colour, points: points.collect() }
    });
    let greatest = |value: fn(&(f64, f64, f64, f64)) -> f64| series.iter().flat_map(|series| &series.points).map(value).fold(0.0, f64::max);
    let (last, highest) = (greatest(|point| point.0) + f64::from(bin) / 2.0, greatest(|point| point.3));
    if series.iter().all(|series| series.points.len() < 2) {
        return Ok(html! {});
    }
    let even = ranks(table).all(|(first, last, _)| last - first < bin);
    let bins = if even { format!("in bins of {bin}") } else { "in the buckets of the list".to_owned() };
    let about = format!("Adoption among domains with MX by rank, {bins}, with 95 % Wilson intervals");
    let chart = chart(&series, (last, highest.max(0.1) * 1.05), &|rank: &f64| thousands(*rank), None)?;
    Ok(figure(&about, &series, &chart))
}

/// What share of valid policies may be kept at most so long.
pub(super) fn max_age(table: &Table) -> Result<Markup, ReportError> {
    let cumulative = |row: &str| table.cell(None, row, "cumulative").and_then(Cell::share);
    let marks: Vec<(i64, &str)> = [
        (86_400, "1 day"),
        (604_800, "1 week"),
        (2_592_000, "30 days"),
        (7_776_000, "90 days"),
        (15_552_000, "180 days"),
        (31_557_600, "1 year"),
    ]
    .to_vec();
    let mut points = vec![(0.0, 0.0, 0.0, 0.0)];
    for (at, (seconds, _)) in marks.iter().enumerate() {
        if let Some(share) = cumulative(&seconds.to_string()) {
            let (x, y) = (at as f64 + 1.0, share * 100.0);
            let before = points.last().map_or(0.0, |point| point.1);
            points.extend([(x, before, before, before), (x, y, y, y)]);
        }
    }
    if points.len() < 3 {
        return Ok(html! {});
    }
    let series = [Series { title: "valid policies, cumulated", colour: FIRST, points }];
    let label = |x: &f64| match marks.get((x.round() as usize).wrapping_sub(1)) {
        Some((_, title)) if x.fract() == 0.0 => (*title).to_owned(),
        _ => String::new(),
    };
    let chart = chart(&series, (marks.len() as f64 + 0.5, 105.0), &label, Some(marks.len() + 1))?;
    Ok(figure("Share of valid policies whose max_age is at most so long", &series, &chart))
}

fn thousands(rank: f64) -> String {
    match rank {
        zero if zero < 0.5 => "0".to_owned(),
        million if million >= 1e6 => format!("{}M", million / 1e6),
        thousand if thousand >= 1e3 => format!("{}k", thousand / 1e3),
        rank => format!("{rank}"),
    }
}

fn figure(about: &str, series: &[Series], chart: &str) -> Markup {
    let label = html! { (about) "; the table below has the figures" }.0;
    let named = chart.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{label}\" "), 1);
    html! {
        figure.plot {
            figcaption { (about) }
            ul.legend {
                @for (number, series) in series.iter().enumerate() {
                    li { span class={ "swatch series-" (number + 1) } aria-hidden="true" {} (series.title) }
                }
            }
            div.scroll { (PreEscaped(named)) }
        }
    }
}

/// Draws the series from 0 to the greatest x and y.
fn chart(
    series: &[Series],
    (last, highest): (f64, f64),
    label: &dyn Fn(&f64) -> String,
    labels: Option<usize>,
) -> Result<String, ReportError> {
    let mut svg = String::new();
    draw(&mut svg, series, (last, highest), label, labels).map_err(|error| ReportError::Chart(error.to_string()))?;
    for (colour, variable) in VARIABLES {
        svg = svg.replace(colour, variable);
    }
    Ok(svg)
}

fn draw(
    svg: &mut String,
    series: &[Series],
    (last, highest): (f64, f64),
    label: &dyn Fn(&f64) -> String,
    labels: Option<usize>,
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin(8)
        .margin_right(20)
        .x_label_area_size(26)
        .y_label_area_size(48)
        .build_cartesian_2d(0.0..last, 0.0..highest)?;
    let letters = ("sans-serif", LETTERS).into_font().color(&INK);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .max_light_lines(0)
        .bold_line_style(GRID)
        .axis_style(INK)
        .y_labels(5)
        .x_labels(labels.unwrap_or(8))
        .x_label_formatter(label)
        .y_label_formatter(&|share| format!("{share}%"))
        .label_style(letters)
        .draw()?;
    for Series { colour, points, .. } in series {
        let upper = points.iter().map(|point| (point.0, point.3));
        let lower = points.iter().rev().map(|point| (point.0, point.2));
        if points.iter().any(|point| point.2 < point.3) {
            chart.draw_series(std::iter::once(Polygon::new(upper.chain(lower).collect::<Vec<_>>(), colour.mix(0.2).filled())))?;
        }
        chart.draw_series(LineSeries::new(points.iter().map(|point| (point.0, point.1)), colour.stroke_width(2)))?;
    }
    root.present()?;
    Ok(())
}

/// The groups of a table by rank, each with the first and the last of its ranks.
fn ranks(table: &Table) -> impl Iterator<Item = (u32, u32, &Row)> {
    table.rows.iter().filter_map(|row| {
        let (first, last) = row.group.as_deref()?.split_once('-')?;
        Some((first.parse().ok()?, last.parse().ok()?, row))
    })
}
