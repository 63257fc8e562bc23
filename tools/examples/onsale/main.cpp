#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <new>
#include <thread>
#include <vector>

#include "tools/examples/onsale/onsale.hpp"
#ifdef RINGSIDE_HAS_KAFKA
#include "tools/examples/onsale/kafka/kafka_sale.hpp"
#endif

namespace ringside::onsale {
namespace {

using Clock = std::chrono::steady_clock;

pid_t start_host(const Plan& plan, int number, Tally& tally) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
        play_host(plan, number, tally);
        _exit(0);
    } catch (const Exception& failure) {
        fmt::print(stderr, "host {}: {}\n", number, failure.what());
        _exit(1);
    }
}

/// Reports until the time is up. Returns how many of the reports were inconsistent.
int watch_sale(const Client& client, const Plan& plan, std::uint64_t& checks) {
    int wrong = 0;
    const auto start = Clock::now();
    for (int second = 1; second <= plan.seconds; ++second) {
        while (Clock::now() < start + std::chrono::seconds(second)) {
            if (!check_report(client, plan, false)) ++wrong;
            ++checks;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        if (!check_report(client, plan, true)) ++wrong;
        ++checks;
    }
    return wrong;
}

int run(const Plan& plan) {
    void* shared =
        mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw Exception(Error(Errc::system_error, "mmap"));
    auto& tally = *new (shared) Tally{};
    Client client = Client::attach({.grid = plan.grid, .program = "onsale"}).value();
    open_sale(client, plan).value();
    std::vector<pid_t> hosts;
    for (int i = 1; i <= plan.writers; ++i) hosts.push_back(start_host(plan, i, tally));
    std::uint64_t checks = 0;
    int wrong = watch_sale(client, plan, checks);
    tally.stop = true;
    for (const pid_t host : hosts) {
        int status = 0;
        waitpid(host, &status, 0);
        if (status != 0) ++wrong;
    }
    if (!check_report(client, plan, false)) ++wrong;
    fmt::print("\n{} commits ({:.0f}/s), {} conflicts, {} failures, {} reports checked: {}\n",
               tally.commits.load(), static_cast<double>(tally.commits.load()) / plan.seconds,
               tally.conflicts.load(), tally.failures.load(), checks + 1,
               wrong == 0 ? "all add up" : "SOME DO NOT ADD UP");
    return wrong == 0 && tally.commits > 0 && tally.failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ringside::onsale

int main(int argc, char** argv) {
    CLI::App app(
        "Simulate an on-sale: hosts sell, hold and release seats while a report checks them",
        "ringside-onsale");
    ringside::onsale::Plan plan;
    plan.grid = "default";
    app.add_option("-g,--grid", plan.grid, "Grid name")->envname("RINGSIDE_GRID");
    app.add_option("--events", plan.events, "Number of events")->check(CLI::Range(1, 1000));
    app.add_option("--sections", plan.sections, "Number of sections per event")
        ->check(CLI::Range(1, 26));
    app.add_option("--seats", plan.seats, "Number of seats per section")->check(CLI::Range(1, 999));
    app.add_option("--writers", plan.writers, "Number of host processes")->check(CLI::Range(1, 64));
    app.add_option("--seconds", plan.seconds, "Duration in seconds")->check(CLI::Range(1, 86'400));
    app.add_option("--seed", plan.seed, "Seed of the hosts' choices");
#ifdef RINGSIDE_HAS_KAFKA
    std::string kafka;
    app.add_option("--kafka", kafka,
                   "Send deltas to Kafka at HOST:PORT, or to a mock cluster (mock), instead of "
                   "writing records; ringside-kafka feeds the grid");
#endif
    CLI11_PARSE(app, argc, argv);
    try {
#ifdef RINGSIDE_HAS_KAFKA
        if (!kafka.empty()) return ringside::onsale::play_through_kafka(plan, kafka);
#endif
        return ringside::onsale::run(plan);
    } catch (const ringside::Exception& failure) {
        fmt::print(stderr, "ringside-onsale: {}\nstart a broker with: ringside-broker --grid {}\n",
                   failure.what(), plan.grid);
        return 3;
    }
}
