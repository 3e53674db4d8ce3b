//! `--shard`: `I/N`, or `auto` for the place that Slurm or Kubernetes gave to this process.

use super::exit::Failure;
use crate::input::Shard;

/// The word for the shard that the environment names.
pub(super) const AUTO: &str = "auto";
/// How many shards there are in all; the job file sets it, as neither Kubernetes nor a part of a Slurm array that runs again says so.
const COUNT: &str = "STSCAN_SHARDS";
const SLURM_ID: &str = "SLURM_ARRAY_TASK_ID";
const SLURM_COUNT: &str = "SLURM_ARRAY_TASK_COUNT";
const SLURM_MIN: &str = "SLURM_ARRAY_TASK_MIN";
const SLURM_STEP: &str = "SLURM_ARRAY_TASK_STEP";
const KUBERNETES_INDEX: &str = "JOB_COMPLETION_INDEX";

/// The shard that was asked for.
pub(super) fn shard(text: &str) -> Result<Shard, Failure> {
    if text == AUTO {
        return auto(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
            .map_err(|why| Failure::usage(format!("--shard auto: {why}")));
    }
    text.parse().map_err(|error| Failure::usage(format!("--shard: {error}")))
}

/// The shard that the variables name.
fn auto(variable: impl Fn(&str) -> Option<String>) -> Result<Shard, String> {
    let number = |name: &str| {
        let parsed = |text: String| text.trim().parse::<u64>().map_err(|_| format!("{name} is {text:?}, and a whole number is expected"));
        variable(name).map(parsed).transpose()
    };
    let (count, slurm, kubernetes) = (number(COUNT)?, number(SLURM_ID)?, number(KUBERNETES_INDEX)?);
    let (name, index, count) = match (slurm, kubernetes) {
        (Some(_), Some(_)) => return Err(format!("{SLURM_ID} and {KUBERNETES_INDEX} are both set; unset one of them, or write I/N")),
        (None, None) => {
            return Err(format!(
                "neither {SLURM_ID} (of a Slurm array) nor {KUBERNETES_INDEX} (of a Kubernetes Indexed Job) is set; write I/N"
            ));
        }
        (None, Some(index)) => {
            let missing = format!("Kubernetes does not say how many completions the Job has; set {COUNT} to their number in the Job's env");
            (KUBERNETES_INDEX, index, count.ok_or(missing)?)
        }
        (Some(id), None) => {
            let (tasks, least) = (number(SLURM_COUNT)?, number(SLURM_MIN)?.unwrap_or(0));
            let (index, count) = match (count, tasks) {
                (Some(count), tasks) => (in_fixed_array(id, count, tasks, least)?, count),
                (None, Some(tasks)) => (in_whole_array(id, tasks, least, number(SLURM_STEP)?.unwrap_or(1))?, tasks),
                (None, None) => return Err(format!("{SLURM_ID} is set and {SLURM_COUNT} is not; set {COUNT} to the number of shards")),
            };
            (SLURM_ID, index, count)
        }
    };
    match count {
        count if index < count => Ok(Shard { index, count }),
        count => Err(format!("{name} is {index}, and of {count} shards the last is {}; they are counted from 0", count.saturating_sub(1))),
    }
}

/// Where the number of shards is given, tasks bear their numbers, so that some of them can run again alone.
fn in_fixed_array(id: u64, count: u64, tasks: Option<u64>, least: u64) -> Result<u64, String> {
    match tasks {
        Some(tasks) if tasks > count => Err(format!("the array has {tasks} tasks and {COUNT} is {count}; make them the same")),
        Some(tasks) if tasks == count && least > 0 => Err(format!(
            "the array begins with task {least}, and with {COUNT} shards are counted from 0: submit it as --array=0-{}",
            count - 1
        )),
        _ => Ok(id),
    }
}

/// Where it is not, the array is the whole, whatever its first number and its step.
fn in_whole_array(id: u64, tasks: u64, least: u64, step: u64) -> Result<u64, String> {
    let from_first = id.checked_sub(least).ok_or_else(|| format!("{SLURM_ID} is {id}, and {SLURM_MIN} is {least}"))?;
    let index = from_first / step.max(1);
    if from_first % step.max(1) != 0 || index >= tasks || (tasks == 1 && least > 1) {
        return Err(format!(
            "task {id} is one of an array of {tasks} from {least} on, which are not all of a whole; set {COUNT} to the number of all shards"
        ));
    }
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<String, String> {
        let value = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        auto(value).map(|shard| shard.to_string())
    }

    #[test]
    fn a_slurm_array_is_a_whole_from_its_first_task_on() {
        let array = |id, count, min, step| of(&[(SLURM_ID, id), (SLURM_COUNT, count), (SLURM_MIN, min), (SLURM_STEP, step)]);
        assert_eq!(array("0", "8", "0", "1"), Ok("0/8".to_owned()));
        assert_eq!(array("8", "8", "1", "1"), Ok("7/8".to_owned()), "--array=1-8");
        assert_eq!(array("15", "3", "5", "5"), Ok("2/3".to_owned()), "--array=5-15:5");
        assert_eq!(array("1", "1", "1", "1"), Ok("0/1".to_owned()));
        for (id, count, min, why) in
            [("3", "1", "3", "set STSCAN_SHARDS"), ("7", "3", "1", "array of 3 from 1 on"), ("x", "3", "1", "whole number")]
        {
            let said = array(id, count, min, "1").unwrap_err();
            assert!(said.contains(why), "{said}");
        }
        assert!(of(&[(SLURM_ID, "3")]).unwrap_err().contains("set STSCAN_SHARDS"));
    }

    #[test]
    fn tasks_that_run_again_alone_are_the_same_shards() {
        let array = |id, count, min| of(&[(COUNT, "8"), (SLURM_ID, id), (SLURM_COUNT, count), (SLURM_MIN, min)]);
        assert_eq!(array("3", "8", "0"), Ok("3/8".to_owned()));
        assert_eq!(array("3", "1", "3"), Ok("3/8".to_owned()), "--array=3");
        assert_eq!(array("6", "2", "3"), Ok("6/8".to_owned()), "--array=3,6");
        assert!(array("3", "8", "1").unwrap_err().contains("--array=0-7"));
        assert!(array("8", "1", "8").unwrap_err().contains("the last is 7"));
        assert!(array("3", "9", "0").unwrap_err().contains("9 tasks and STSCAN_SHARDS is 8"));
    }

    #[test]
    fn a_kubernetes_job_has_to_say_how_many_it_is() {
        assert_eq!(of(&[(KUBERNETES_INDEX, "2"), (COUNT, "4")]), Ok("2/4".to_owned()));
        assert!(of(&[(KUBERNETES_INDEX, "2")]).unwrap_err().contains("set STSCAN_SHARDS"));
        assert!(of(&[(KUBERNETES_INDEX, "4"), (COUNT, "4")]).unwrap_err().contains("the last is 3"));
        assert!(of(&[(KUBERNETES_INDEX, "0"), (COUNT, "0")]).is_err());
        assert!(of(&[(KUBERNETES_INDEX, "2"), (COUNT, "four")]).unwrap_err().contains("STSCAN_SHARDS is \"four\""));
        assert!(of(&[(KUBERNETES_INDEX, "2"), (SLURM_ID, "2"), (COUNT, "4")]).unwrap_err().contains("both set"));
        assert!(of(&[(COUNT, "4")]).unwrap_err().contains("write I/N"));
    }
}
