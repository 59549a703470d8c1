//! The sums of `docs/costs.md`, from the prices and the counted numbers that stand
//! here.
//!
//! The document has the same tables, and a test holds it to these. To change a price,
//! change it here, run the test, and copy the table that it prints. That the counted
//! numbers are true is held by other tests (`tests/queue/costs.rs`); here they are
//! compared with the documents that name them.

use std::fs;

use crate::project;

// What one submission uses.

/// Redis commands of a job by itself, from submission to stored result; its place in
/// the problem's list; and what rejudging needs. The instance of worker-fn knows the
/// problem, and until when the lists are stored.
const ALONE: f64 = 12.0 + 1.0 + 1.0;
/// The same in a burst of jobs for one problem: 3.1 with the list, and a twelfth of what
/// rejudging needs.
const BURST: f64 = 3.1 + 1.0 / 12.0;
/// Redis commands of all viewers of a submission, until a verdict after 1.6 s.
const VIEWERS: f64 = 4.0;
/// Calls by a client: one submits, two wait for the result.
const REQUESTS: f64 = 3.0;
/// CPU time of submit-fn for a call, in ms, on the safe side: a submission takes 0.5
/// to 0.8 on one machine.
const SUBMIT_FN_MS: f64 = 1.1;
/// CPU time of worker-fn for a judged job with 50 cases, in ms.
const WORKER_FN_MS: f64 = 1.8;
/// CPU time of the runner, in s: a program in Python with 12 cases of 60 ms.
const RUNNER_S: f64 = 12.0 * 0.06;
/// Redis commands an hour with nothing to do.
const IDLE: f64 = 60.0;
/// Bytes of a stored result: the sample problems on average.
const RESULT_BYTES: f64 = 7_400.0;
/// How often a result's bytes cross the line to Redis: stored, and read by viewers;
/// and once more for the submission and the problem.
const TRANSFERS: f64 = 4.0;

// Prices in US dollars.

const WORKERS_MONTH: f64 = 5.0;
const WORKERS_REQUESTS: Price = Price {
    included: 10e6,
    per: 1e6,
    dollars: 0.30,
};
const WORKERS_CPU_MS: Price = Price {
    included: 30e6,
    per: 1e6,
    dollars: 0.02,
};
const UPSTASH_COMMANDS: Price = Price {
    included: 0.0,
    per: 100e3,
    dollars: 0.20,
};
const UPSTASH_BANDWIDTH_GB: Price = Price {
    included: 200.0,
    per: 1.0,
    dollars: 0.03,
};
const UPSTASH_STORAGE_GB: Price = Price {
    included: 1.0,
    per: 1.0,
    dollars: 0.25,
};
const CONTAINER_VCPU_S: Price = Price {
    included: 375.0 * 60.0,
    per: 1.0,
    dollars: 0.000_020,
};
const CONTAINER_GIB_S: Price = Price {
    included: 25.0 * 3600.0,
    per: 1.0,
    dollars: 0.000_002_5,
};
const CONTAINER_GB_S: Price = Price {
    included: 200.0 * 3600.0,
    per: 1.0,
    dollars: 0.000_000_07,
};
/// The instance type `standard-3`: vCPU, GiB of memory, GB of disk.
const CONTAINER: (f64, f64, f64) = (2.0, 8.0, 16.0);

// Free plans.

const FREE_REQUESTS_A_DAY: f64 = 100_000.0;
const FREE_COMMANDS_A_MONTH: f64 = 500_000.0;
/// Redis commands of a job in a burst on the free plan, where a drain takes two jobs:
/// counted by `cargo xtask bench plan` for judged ones. Each submission wakes a drain, so
/// every other one finds nothing, which costs three.
const FREE_BURST: f64 = 8.0 + 3.0 / 2.0;
/// The default of `STORE_MAX_MB`, in bytes: results of a day.
const FREE_STORE_BYTES: f64 = 80.0 * 1_048_576.0;

const DAYS: f64 = 30.0;
const MONTH_S: f64 = DAYS * 24.0 * 3600.0;

/// What is included in a month, and what more costs.
struct Price {
    included: f64,
    per: f64,
    dollars: f64,
}

impl Price {
    fn of(&self, used: f64) -> f64 {
        self.without_included((used - self.included).max(0.0))
    }

    fn without_included(&self, used: f64) -> f64 {
        used / self.per * self.dollars
    }
}

fn cpu_ms() -> f64 {
    REQUESTS * SUBMIT_FN_MS + WORKER_FN_MS
}

fn usage() -> String {
    format!(
        "| one submission uses | by itself | in a burst |\n| --- | --- | --- |\n\
         | requests to submit-fn | {REQUESTS} | {REQUESTS} |\n\
         | CPU time of both Workers, ms | {0:.1} | {0:.1} |\n\
         | Redis commands until its result is stored | {1:.0} | {2:.1} |\n\
         | Redis commands of its viewers | {VIEWERS} | {VIEWERS} |\n\
         | CPU time of the runner, s | {RUNNER_S:.2} | {RUNNER_S:.2} |\n",
        cpu_ms(),
        ALONE,
        BURST,
    )
}

/// What a million submissions cost where nothing is included any more.
fn per_million() -> String {
    let (requests, cpu) = (REQUESTS * 1e6, cpu_ms() * 1e6);
    let commands = |one: f64| (one + VIEWERS) * 1e6;
    let row =
        |what: &str, used: String, dollars: f64| format!("| {what} | {used} | {dollars:.2} |\n");
    let gigabytes = RESULT_BYTES * TRANSFERS * 1e6 / 1e9;
    let mut table = String::from("| a million submissions | used | $ |\n| --- | --- | --- |\n");
    for (what, used, price) in [
        ("Workers, requests", requests, &WORKERS_REQUESTS),
        ("Workers, CPU time in ms", cpu, &WORKERS_CPU_MS),
        (
            "Upstash, commands, in bursts",
            commands(BURST),
            &UPSTASH_COMMANDS,
        ),
        (
            "Upstash, commands, each by itself",
            commands(ALONE),
            &UPSTASH_COMMANDS,
        ),
    ] {
        let millions = format!("{:.1} million", used / 1e6);
        table += &row(what, millions, price.without_included(used));
    }
    table += &row(
        "Upstash, bandwidth",
        format!("{gigabytes:.0} GB"),
        UPSTASH_BANDWIDTH_GB.without_included(gigabytes),
    );
    table
}

fn month() -> String {
    let mut table = String::from(
        "| submissions a month | Workers | Upstash, in bursts | Upstash, each by itself | \
         cores of the runner |\n| --- | --- | --- | --- | --- |\n",
    );
    for (count, shown) in [
        (1e4, "10,000"),
        (1e5, "100,000"),
        (1e6, "1,000,000"),
        (1e7, "10,000,000"),
    ] {
        let requests = count * REQUESTS + DAYS * 24.0 * 60.0;
        let workers =
            WORKERS_MONTH + WORKERS_REQUESTS.of(requests) + WORKERS_CPU_MS.of(count * cpu_ms());
        let upstash = |commands: f64| {
            let bytes = count * RESULT_BYTES;
            UPSTASH_COMMANDS.of(count * (commands + VIEWERS) + IDLE * 24.0 * DAYS)
                + UPSTASH_BANDWIDTH_GB.of(bytes * TRANSFERS / 1e9)
                // Two days' results are there at most.
                + UPSTASH_STORAGE_GB.of(bytes / DAYS * 2.0 / 1e9)
        };
        // People submit in the same hours: four times the average.
        let cores = (count * RUNNER_S / MONTH_S * 4.0).ceil();
        table += &format!(
            "| {shown} | ${workers:.2} | ${:.2} | ${:.2} | {cores} |\n",
            upstash(BURST),
            upstash(ALONE)
        );
    }
    table
}

fn free() -> String {
    // The cron counts too. A wake-up goes through a service binding, which the paid plan
    // does not bill; here it is counted.
    let requests = (FREE_REQUESTS_A_DAY - 24.0 * 60.0) / (REQUESTS + 1.0);
    let commands = FREE_COMMANDS_A_MONTH / DAYS - IDLE * 24.0;
    let hundreds = |count: f64| format!("{:.0}", (count / 100.0).floor() * 100.0);
    format!(
        "| limit of the free plans | submissions a day that fit |\n| --- | --- |\n\
         | Workers: 100,000 requests a day | {} |\n\
         | Upstash: 500,000 commands a month, in bursts | {} |\n\
         | Upstash: the same, each by itself | {} |\n\
         | Upstash: 256 MB, of which `STORE_MAX_MB` is for a day's results | {} |\n",
        hundreds(requests),
        hundreds(commands / (FREE_BURST + VIEWERS)),
        hundreds(commands / (ALONE + VIEWERS)),
        hundreds(FREE_STORE_BYTES / RESULT_BYTES),
    )
}

fn container() -> String {
    let (_, memory, disk) = CONTAINER;
    let used = 1e6 * RUNNER_S;
    format!(
        "| one `standard-3` all month, a million submissions | $ |\n| --- | --- |\n\
         | memory | {:.2} |\n| disk | {:.2} |\n| CPU time that was used | {:.2} |\n",
        CONTAINER_GIB_S.of(memory * MONTH_S),
        CONTAINER_GB_S.of(disk * MONTH_S),
        CONTAINER_VCPU_S.of(used),
    )
}

fn document(name: &str) -> String {
    fs::read_to_string(project::root().join("docs").join(name)).unwrap()
}

#[test]
fn the_document_has_these_sums() {
    let text = document("costs.md");
    for table in [usage(), per_million(), month(), free(), container()] {
        assert!(
            text.contains(&table),
            "docs/costs.md lacks this table:\n\n{table}"
        );
    }
}

#[test]
fn the_numbers_are_those_of_the_other_documents() {
    let performance = document("performance.md");
    for counted in [
        "| a job that comes alone | 12 with its submission, and 1 more with the index |",
        "| 3.0 to 3.2 when all are for one problem",
        "one command per problem each time a group of judged jobs is settled",
        "60 an hour",
    ] {
        assert!(
            performance.contains(counted),
            "docs/performance.md: {counted}"
        );
    }
    // What a submission takes of a core that does nothing else.
    let (_, row) = performance.split_once("| submissions/s | ").unwrap();
    let rate = row.split(' ').next().unwrap().replace(',', "");
    assert!(1e3 / rate.parse::<f64>().unwrap() < SUBMIT_FN_MS, "{rate}");
    let configuration = document("configuration.md");
    for measured in [
        "a judged one with 50 cases 1.8 ms",
        "`STORE_MAX_MB` | both, the same value | 80",
    ] {
        assert!(
            configuration.contains(measured),
            "docs/configuration.md: {measured}"
        );
    }
    assert!(document("operations.md").contains("| 7,400 | 11,000 |"));
    // Of the program's memory and cores, those of `standard-3` are enough for all that
    // a million submissions use.
    assert!(1e6 * RUNNER_S < CONTAINER.0 * MONTH_S);
}
