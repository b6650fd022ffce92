// A flashcore-profile that measures nothing: it takes the command line of a turn and writes a real database
// with made-up times. What it does is told by the environment:
//   FAKE_LOG      a file that is told "begin NAME PHASES" and "end NAME", and "overlap" where two ran at once
//   FAKE_NAME     its name there; turns of a name are counted by it
//   FAKE_NS       mean time of a launch; FAKE_NS_<phase> of one phase
//   FAKE_SPREAD   relative standard deviation between processes; FAKE_SEED varies it
//   FAKE_DO       crash, hang, wrong, no_device, usage, untimed, old (a database of schema 1), empty
//   FAKE_AT       at which turn of its name it does that; without it at every one
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "store/connection.h"
#include "store/migrate.h"
#include "store/store.h"
#include "tests/support/sample_runs.h"

namespace {

using namespace flashcore;

std::string variable(const std::string& name, const std::string& otherwise = "") {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? otherwise : value;
}

struct Command {
  std::vector<std::string> phases, shapes;
  std::string database;
  int iterations = 100;
  bool known = true;
};

Command command_of(int argc, char** argv) {
  Command c;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--quiet") continue;
    if (i + 1 >= argc) {
      c.known = false;
      break;
    }
    const std::string value = argv[++i];
    if (option == "--phase") {
      std::istringstream names(value);
      for (std::string name; std::getline(names, name, ',');) c.phases.push_back(name);
    } else if (option == "--shape") {
      c.shapes.push_back(value);
    } else if (option == "--db") {
      c.database = value;
    } else if (option == "--iters") {
      c.iterations = std::atoi(value.c_str());
    } else if (option != "--collect" && option != "--device") {
      c.known = false;
    }
  }
  return c;
}

void log_line(const std::string& line) {
  std::ofstream(variable("FAKE_LOG", "/dev/null"), std::ios::app) << line << std::endl;
}

int turns_before(const std::string& name) {
  std::ifstream log(variable("FAKE_LOG", "/dev/null"));
  int count = 0;
  for (std::string line; std::getline(log, line);) count += line.starts_with("begin " + name + " ") ? 1 : 0;
  return count;
}

core::MeasurementRecord timing_of(const std::string& phase, int iterations, int turn) {
  const double mean = std::stod(variable("FAKE_NS_" + phase, variable("FAKE_NS", "40000")));
  const double spread = std::stod(variable("FAKE_SPREAD", "0.002"));
  const auto text = variable("FAKE_NAME") + phase + variable("FAKE_SEED");
  std::mt19937_64 random(std::hash<std::string>()(text) + static_cast<std::uint64_t>(turn) * 7919);
  std::normal_distribution<double> normal;
  const double of_process = mean * (1 + spread * normal(random));
  auto timing = tests::sample_timing(of_process, iterations);
  for (core::Sample& sample : timing.samples) sample.duration_ns = of_process * (1 + 0.001 * normal(random));
  return timing;
}

core::RunRecord run_of(const std::string& phase, const std::string& shape, const Command& c, int turn,
                       const std::string& deed) {
  auto run = tests::sample_head(phase, 1, shape);
  run.environment.git_sha = variable("FAKE_SHA", run.environment.git_sha);
  core::add_measurement(run, tests::sample_check(*core::attention_of(*run.problem), deed != "wrong"));
  core::add_measurement(run, tests::sample_resources(phase));
  if (deed == "wrong") return run;
  auto timing = timing_of(phase, c.iterations, turn);
  if (deed == "untimed") {
    timing.samples.clear();
    timing.status = core::MeasurementStatus::kFailed;
    timing.reason = "the launch failed";
  }
  core::add_measurement(run, std::move(timing));
  return run;
}

// One run of `phase` as schema 1 held it.
void write_schema_1(const std::string& database, const std::string& phase, int turn) {
  const auto connection = store::connect(database, store::Access::kCreate);
  store::migrate(connection.get(), store::migrations().first(1));
  const auto d = tests::sample_device();
  const auto p = *core::parse_attention("tiny");
  std::string sql = fmt::format(
      "INSERT INTO environment VALUES "
      "(1,'oldsha',0,'k','0.0.1','gcc','13.0','13.0','580.0','','','os','cpu','c');"
      "INSERT INTO device VALUES (1,'{}','{}',{},{},{},{},{},{},{},{},{},{},{},{},{},{},{});"
      "INSERT INTO problem VALUES (1,{},{},{},{},{},{},'{}',0);"
      "INSERT INTO phase VALUES (1,'{}','Old',1,0,'h');"
      "INSERT INTO session VALUES (1,'2026-01-01T00:00:00Z','c','live','',1);"
      "INSERT INTO run VALUES (1,1,'2026-01-01T00:00:00Z','live',1,1,1,1,1e9,2e6,20,100);"
      "INSERT INTO correctness VALUES (1,0,0,1,0.1,0.01,0,0,64,0.4,0.5,'m');",
      d.name, d.chip, d.compute_major, d.compute_minor, d.sm_count, d.sm_clock_max_khz,
      d.memory_clock_max_khz, d.memory_bus_bits, d.memory_bytes, d.l2_bytes, d.shared_per_sm_bytes,
      d.shared_per_block_optin_bytes, d.shared_reserved_per_block_bytes, d.registers_per_sm,
      d.max_threads_per_sm, d.max_blocks_per_sm, d.warp_size, p.batch, p.heads, p.kv_heads, p.seq_q, p.seq_k,
      p.head_dim, p.dtype, phase);
  int i = 0;
  for (const core::Sample& sample : timing_of(phase, 20, turn).samples) {
    if (sample.kind != core::SampleKind::kGraph) continue;
    sql += fmt::format("INSERT INTO sample VALUES (1,{},'graph',{},50,{},1980.0,NULL);", i, i,
                       sample.duration_ns);
    ++i;
  }
  char* error = nullptr;
  if (sqlite3_exec(connection.get(), sql.c_str(), nullptr, nullptr, &error) != SQLITE_OK) {
    std::fprintf(stderr, "flashcore-profile: %s\n", error);
    std::_Exit(5);
  }
}

int write_runs(const Command& c, int turn, const std::string& deed) {
  auto store = store::Store::open(c.database);
  if (!store) return 5;
  std::vector<core::RunRecord> runs;
  for (const std::string& shape : c.shapes) {
    for (const std::string& phase : c.phases) runs.push_back(run_of(phase, shape, c, turn, deed));
  }
  auto session = tests::sample_session();
  return store->write_runs(session, runs) ? 0 : 5;
}

int say(int code, const char* words) {
  std::fprintf(stderr, "%s\n", words);
  return code;
}

int serve(const Command& c, int turn, const std::string& deed) {
  if (deed == "usage")
    return say(2,
               "flashcore-profile: unknown phase 'fused'; did you mean wmma?\n  hint: known: baseline, wmma");
  if (deed == "no_device") return say(3, "flashcore-profile: there is no GPU\n  hint: look at the driver");
  if (deed == "crash") {
    std::fputs("an illegal memory access was encountered\n", stderr);
    std::raise(SIGKILL);
  }
  if (deed == "hang") ::sleep(600);
  if (deed == "empty") return 0;
  if (deed == "old") {
    write_schema_1(c.database, c.phases.front(), turn);
    return 0;
  }
  const int code = write_runs(c, turn, deed);
  if (deed == "wrong") return say(4, "1 run(s) with a wrong answer");
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // as flashcore-profile does: a file that may not grow is an error
  const Command c = command_of(argc, argv);
  if (!c.known) return say(2, "flashcore-profile: The following argument was not expected");
  const std::string name = variable("FAKE_NAME", "side");
  const std::string log = variable("FAKE_LOG", "/dev/null");
  const int alone = ::open((log + ".busy").c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
  if (log != "/dev/null" && ::flock(alone, LOCK_EX | LOCK_NB) != 0) log_line("overlap");
  const int turn = turns_before(name) + 1;
  std::string phases;
  for (const std::string& phase : c.phases) phases += (phases.empty() ? "" : ",") + phase;
  log_line(fmt::format("begin {} {} {}", name, phases, ::getpid()));
  const std::string at = variable("FAKE_AT");
  const std::string deed = at.empty() || std::stoi(at) == turn ? variable("FAKE_DO") : "";
  const int code = serve(c, turn, deed);
  log_line("end " + name);
  return code;
}
