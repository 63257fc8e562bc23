#include "tools/examples/onsale/kafka/kafka_sale.hpp"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

namespace ringside::onsale {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto patience = std::chrono::seconds(30);

/// librdkafka's mock cluster with one broker and the topic of the deltas.
class MockCluster {
public:
    MockCluster() {
        char why[256];
        rd_kafka_conf_t* conf = rd_kafka_conf_new();
        // Hides the warning that it has no servers: it is the server.
        rd_kafka_conf_set(conf, "log_level", "3", why, sizeof why);
        handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
        if (handle_ == nullptr) {
            rd_kafka_conf_destroy(conf);
            throw Exception(Error(Errc::system_error, why));
        }
        cluster_ = rd_kafka_mock_cluster_new(handle_, 1);
        if (cluster_ == nullptr) {
            rd_kafka_destroy(handle_);
            throw Exception(Error(Errc::system_error, "cannot start the mock cluster"));
        }
        constexpr int partitions = 4;
        rd_kafka_mock_topic_create(cluster_, deltas_topic, partitions, 1);
    }
    ~MockCluster() {
        rd_kafka_mock_cluster_destroy(cluster_);
        rd_kafka_destroy(handle_);
    }
    MockCluster(const MockCluster&) = delete;
    MockCluster& operator=(const MockCluster&) = delete;

    [[nodiscard]] std::string bootstrap() const {
        return rd_kafka_mock_cluster_bootstraps(cluster_);
    }

private:
    rd_kafka_t* handle_ = nullptr;
    rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

/// Called before this process has threads. The host begins when the ledger is open.
pid_t start_host(const Plan& plan, int number, Ledger& ledger) {
    const pid_t pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
        while (!ledger.is_open.load()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        _exit(play_host_of_record(plan, number, ledger) ? 0 : 1);
    } catch (const Exception& failure) {
        fmt::print(stderr, "host {}: {}\n", number, failure.what());
        _exit(1);
    }
}

/// Returns how many deltas of an event the grid has: each writes the event's counters once.
Version deltas_applied(const Client& client, int event) {
    const auto sales = client.get(sales_name(event));
    return sales ? sales->version() : 0;
}

template <class Condition>
bool wait_for(Condition condition) {
    const auto until = Clock::now() + patience;
    while (!condition()) {
        if (Clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
}

class Sale {
public:
    Sale(const Plan& plan, Ledger& ledger)
        : plan_(plan),
          ledger_(ledger),
          client_(Client::attach({.grid = plan.grid, .program = "onsale"}).value()) {
        for (int event = 1; event <= plan.events; ++event) {
            if (client_.get(sales_name(event))) {
                throw Exception(Error(Errc::bad_configuration,
                                      "the grid has an on-sale already: begin with an empty one"));
            }
        }
    }

    /// Reports until the time is up, and until the grid has the last deltas of the hosts.
    bool watch(const std::vector<pid_t>& hosts) {
        bool is_well = wait_for([&] { return is_opened(); });
        if (!is_well) fmt::print(stderr, "the seats do not arrive: does the source run?\n");
        const auto start = Clock::now();
        for (int second = 1; is_well && second <= plan_.seconds; ++second) {
            while (Clock::now() < start + std::chrono::seconds(second)) {
                is_well &= check(false);
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
            is_well &= check(true);
        }
        ledger_.stop = true;
        for (const pid_t host : hosts) {
            int status = 0;
            waitpid(host, &status, 0);
            is_well &= status == 0;
        }
        const bool is_all_there = wait_for([&] { return applied() >= told(); });
        is_well &= check(false);
        const bool is_exact = is_all_there && is_each_applied_once();
        fmt::print(
            "\n{} deltas, {} reports checked: {}; {}\n", told(), checks_,
            is_well ? "all add up" : "SOME DO NOT ADD UP",
            is_exact ? "each delta was applied exactly once" : "NOT EACH DELTA WAS APPLIED ONCE");
        return is_well && is_exact;
    }

private:
    bool check(bool print) {
        ++checks_;
        return check_report(client_, plan_, print);
    }

    [[nodiscard]] bool is_opened() const {
        const auto seats = static_cast<Version>(plan_.sections) * static_cast<Version>(plan_.seats);
        for (int event = 1; event <= plan_.events; ++event) {
            if (deltas_applied(client_, event) < seats) return false;
        }
        return true;
    }
    [[nodiscard]] std::uint64_t told() const {
        std::uint64_t sum = 0;
        for (const auto& deltas : ledger_.deltas) sum += deltas.load();
        return sum;
    }
    [[nodiscard]] std::uint64_t applied() const {
        std::uint64_t sum = 0;
        for (int event = 1; event <= plan_.events; ++event) sum += deltas_applied(client_, event);
        return sum;
    }
    [[nodiscard]] bool is_each_applied_once() const {
        for (int event = 1; event <= plan_.events; ++event) {
            if (deltas_applied(client_, event) !=
                ledger_.deltas[static_cast<std::size_t>(event)].load()) {
                return false;
            }
        }
        return true;
    }

    const Plan& plan_;
    Ledger& ledger_;
    Client client_;
    std::uint64_t checks_ = 0;
};

}  // namespace

int play_through_kafka(const Plan& plan, const std::string& kafka) {
    void* shared =
        mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw Exception(Error(Errc::system_error, "mmap"));
    auto& ledger = *new (shared) Ledger{};
    if (kafka.size() >= ledger.bootstrap.size())
        throw Exception(Error(Errc::bad_configuration, "address of Kafka too long"));
    Sale sale(plan, ledger);
    std::vector<pid_t> hosts;
    for (int i = 1; i <= plan.writers; ++i) hosts.push_back(start_host(plan, i, ledger));
    std::optional<MockCluster> mock;
    if (kafka == "mock") mock.emplace();
    const std::string bootstrap = mock ? mock->bootstrap() : kafka;
    std::strncpy(ledger.bootstrap.data(), bootstrap.c_str(), ledger.bootstrap.size() - 1);
    ledger.is_open = true;
    fmt::print("kafka {}\n", bootstrap);
    std::fflush(stdout);
    return sale.watch(hosts) ? 0 : 1;
}

}  // namespace ringside::onsale
