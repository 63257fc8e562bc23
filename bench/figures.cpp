#include <fmt/format.h>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <filesystem>
#include <fstream>

#include "bench/support/process.hpp"
#include "bench/support/workload.hpp"
#include "ringside/client.hpp"
#include "shm/wait/spin.hpp"

/// Measures the figures of docs/benchmarks.md in one run and prints them as Markdown. Each is a
/// ratio to a baseline that was measured in the same run, as the median of several slices.
namespace ringside::bench {
namespace {

struct Scale {
    std::size_t records = 1'000'000;
    std::size_t samples = 300'000;
    int slices = 7;
};

struct Row {
    std::string figure;
    std::string measured;
    std::string baseline;
    std::string ratio;
    std::string target;
    bool is_met;
};

std::vector<Row> rows;

void report(const std::string& figure, double measured, const std::string& unit, double baseline,
            const std::string& baseline_name, double target) {
    const double ratio = measured / baseline;
    rows.push_back({figure, fmt::format("{:.3g} {}", measured, unit),
                    fmt::format("{} {:.3g} {}", baseline_name, baseline, unit),
                    fmt::format("{:.2f}x", ratio), fmt::format("<= {:.2f}x", target),
                    ratio <= target});
}

/// A cache line that goes to the other core and back.
double cache_line_round_trip_ns(const Scale& scale) {
    const SharedFlag there;
    const SharedFlag back;
    const std::uint64_t rounds = scale.samples;
    const Child other([&] {
        pin_to(1);
        for (std::uint64_t i = 1; i <= rounds; ++i) {
            while ((*there).load(std::memory_order_acquire) != i) shm::cpu_pause();
            (*back).store(i, std::memory_order_release);
        }
    });
    pin_to(0);
    std::vector<double> slices;
    const std::uint64_t slice = rounds / 20;
    for (std::uint64_t i = 1; i <= rounds;) {
        const auto start = Clock::now();
        const std::uint64_t end = std::min(i + slice, rounds + 1);
        const std::uint64_t begin = i;
        for (; i < end; ++i) {
            (*there).store(i, std::memory_order_release);
            while ((*back).load(std::memory_order_acquire) != i) shm::cpu_pause();
        }
        slices.push_back(ns_since(start) / static_cast<double>(end - begin));
    }
    return median(slices);
}

void fill(Client& client, std::size_t records) {
    Pipeline pipeline = client.pipeline().value();
    for (std::size_t i = 0; i < records; ++i) pipeline.put(name_of(i), json_of(i)).value();
    pipeline.flush().value();
}

using Map = boost::unordered_flat_map<std::string, std::vector<std::uint8_t>>;

Map make_map(std::size_t records) {
    Map map;
    map.reserve(records);
    for (std::size_t i = 0; i < records; ++i)
        map.emplace(name_of(i), document_from_json(json_of(i)).value());
    return map;
}

/// Documents to write again with, encoded beforehand.
std::vector<Bytes> some_documents() {
    std::vector<Bytes> documents;
    for (std::size_t i = 0; i < 60; ++i)
        documents.push_back(document_from_json(json_of(i)).value());
    return documents;
}

std::int64_t price_in(ByteView document) { return Value::of(document)["price"].as_int64().value(); }

/// Reads of one field while another process writes at full speed.
void measure_reads(const std::string& grid, std::size_t records, const Scale& scale) {
    const Map map = make_map(records);
    const Child writer([&] {
        pin_to(1);
        Client client = Client::attach({.grid = grid}).value();
        Pipeline pipeline = client.pipeline().value();
        const auto documents = some_documents();
        for (std::size_t i = 0;; i = (i + 7919) % records)
            pipeline.put_encoded(name_of(i), documents[i % documents.size()]).value();
    });
    pin_to(0);
    const Client client = Client::attach({.grid = grid}).value();
    std::vector<std::string> names;
    const auto picked = random_indices(records, scale.samples, 1);
    names.reserve(picked.size());
    for (const std::uint32_t i : picked) names.push_back(name_of(i));
    std::vector<double> ours;
    std::vector<double> theirs;
    std::int64_t sum = 0;
    for (int slice = 0; slice < scale.slices; ++slice) {
        auto start = Clock::now();
        for (const auto& name : names) sum += price_in(client.get(name).value().bytes());
        ours.push_back(ns_since(start) / static_cast<double>(names.size()));
        start = Clock::now();
        for (const auto& name : names) sum += price_in(map.find(name)->second);
        theirs.push_back(ns_since(start) / static_cast<double>(names.size()));
    }
    report(fmt::format("read one field, {} records, while another process writes", records),
           median(ours), "ns", median(theirs), "map", sum == 0 ? 0 : 1.2);
}

void measure_get_many(const Client& client, std::size_t records, const Scale& scale) {
    pin_to(0);
    constexpr std::size_t batch = 100;
    const auto picked = random_indices(records, scale.samples / batch * batch, 2);
    std::vector<std::string> texts;
    texts.reserve(picked.size());
    for (const std::uint32_t i : picked) texts.push_back(name_of(i));
    const std::vector<std::string_view> names(texts.begin(), texts.end());
    std::vector<double> many;
    std::vector<double> single;
    std::int64_t sum = 0;
    for (int slice = 0; slice < scale.slices; ++slice) {
        auto start = Clock::now();
        for (std::size_t i = 0; i < names.size(); i += batch) {
            client
                .get_many(std::span(names).subspan(i, batch),
                          [&](std::size_t, const RecordView* record) {
                              sum += price_in(record->bytes());
                          })
                .value();
        }
        many.push_back(ns_since(start) / static_cast<double>(names.size()));
        start = Clock::now();
        for (const auto& name : names) sum += price_in(client.get(name).value().bytes());
        single.push_back(ns_since(start) / static_cast<double>(names.size()));
    }
    report("get_many of 100 names, a name", median(many), "ns", median(single), "single get",
           sum == 0 ? 0 : 0.4);
}

void measure_scan(const Client& client, const Scale& scale, const std::string& what) {
    pin_to(0);
    std::vector<double> slices;
    for (int slice = 0; slice < scale.slices; ++slice) {
        const Snapshot snapshot = client.snapshot().value();
        std::size_t count = 0;
        std::int64_t sum = 0;
        const auto start = Clock::now();
        snapshot
            .scan_prefix("",
                         [&](std::span<const RecordView> batch) {
                             for (const RecordView& record : batch) {
                                 const Value document = record.document();
                                 if (document["status"].as_string() == "sold") {
                                     sum += document["price"].as_int64().value() +
                                            document["row"].as_int64().value();
                                 }
                             }
                             count += batch.size();
                             return true;
                         })
            .value();
        slices.push_back(ns_since(start) / static_cast<double>(count));
        if (sum == 0) throw std::runtime_error("the scan found nothing");
    }
    const double measured = median(slices);
    rows.push_back({"scan, filter and sum of two fields, " + what + ", a record",
                    fmt::format("{:.3g} ns", measured), "", "", "<= 60 ns", measured <= 60});
}

void measure_acknowledged(const std::string& grid, double round_trip_ns, const Scale& scale) {
    pin_to(0);
    Client client = Client::attach({.grid = grid, .spin = std::chrono::milliseconds(100)}).value();
    const Document document = Document::parse(json_of(1)).value();
    std::vector<double> samples;
    for (std::size_t i = 0; i < scale.samples / 3; ++i) {
        const std::string name = name_of(i * 7919 % 10'000);
        const auto start = Clock::now();
        client.put(name, document).value();
        samples.push_back(ns_since(start));
    }
    const double p50 = percentile(samples, 0.5);
    report(fmt::format("acknowledged write, spinning, p50 (p99 {:.1f} us, p99.9 {:.1f} us)",
                       percentile(samples, 0.99) / 1000, percentile(samples, 0.999) / 1000),
           p50, "ns", round_trip_ns, "cache-line round trip", 5);
}

void measure_pipelined(const std::string& grid, std::size_t records, const Scale& scale) {
    pin_to(0);
    Client client = Client::attach({.grid = grid}).value();
    const auto documents = some_documents();
    std::vector<std::string> names;
    for (const std::uint32_t i : random_indices(records, scale.samples, 3))
        names.push_back(name_of(i));
    std::vector<double> slices;
    for (int slice = 0; slice < scale.slices; ++slice) {
        Pipeline pipeline = client.pipeline().value();
        const auto start = Clock::now();
        for (std::size_t i = 0; i < names.size(); ++i) {
            pipeline.put_encoded(names[i], documents[i % documents.size()]).value();
        }
        pipeline.flush().value();
        slices.push_back(static_cast<double>(names.size()) * 1e9 / ns_since(start));
    }
    const double rate = median(slices);
    rows.push_back({fmt::format("pipelined writes, one client, {} records", records),
                    fmt::format("{:.3g}/s", rate), "", "", ">= 1e6/s", rate >= 1e6});
}

/// From the moment before a commit is sent to a watcher that has it, less the write's own way.
void measure_watch(const std::string& grid, double round_trip_ns, const Scale& scale) {
    const SharedFlag seen;
    const SharedFlag ready;
    const Child watcher([&] {
        pin_to(0);
        Client client = Client::attach({.grid = grid}).value();
        Watch watch = client.watch("figures/watched").value();
        (*ready).store(1);
        for (;;) {
            const auto event = watch.poll();
            if (!event) continue;
            const auto sent =
                static_cast<std::int64_t>(event->record.document().as_uint64().value());
            const auto now = Clock::now().time_since_epoch().count();
            (*seen).store(static_cast<std::uint64_t>(now - sent), std::memory_order_release);
        }
    });
    unpin();
    Client client = Client::attach({.grid = grid, .spin = std::chrono::milliseconds(100)}).value();
    while ((*ready).load() == 0) usleep(1000);
    std::vector<double> samples;
    for (std::size_t i = 0; i < std::max<std::size_t>(scale.samples / 300, 50); ++i) {
        (*seen).store(0);
        const auto now = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());
        client.put("figures/watched", std::to_string(now)).value();
        while ((*seen).load(std::memory_order_acquire) == 0) usleep(10);
        samples.push_back(static_cast<double>((*seen).load()));
    }
    rows.push_back({"put called -> spinning watcher, three processes on two cores, p50",
                    fmt::format("{:.3g} us", percentile(samples, 0.5) / 1000),
                    fmt::format("one way {:.3g} us", round_trip_ns / 2000), "", "", true});
}

/// Seconds of CPU that the broker's engine thread has used.
double engine_seconds(pid_t broker) {
    for (const auto& task :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/task", broker))) {
        std::string name;
        std::ifstream(task.path() / "comm") >> name;
        if (name != "engine") continue;
        std::uint64_t run_ns = 0;
        std::ifstream(task.path() / "schedstat") >> run_ns;
        return static_cast<double>(run_ns) / 1e9;
    }
    throw std::runtime_error("the broker has no engine thread");
}

double engine_cost_ns(const Broker& broker, int watchers, const Scale& scale) {
    std::vector<std::unique_ptr<Child>> children;
    const SharedFlag ready;
    for (int i = 0; i < watchers; ++i) {
        children.push_back(std::make_unique<Child>([&] {
            pin_to(0);
            Client client =
                Client::attach({.grid = broker.grid(), .spin = std::chrono::microseconds(0)})
                    .value();
            Watch watch = client.watch("seat/**").value();
            ++*ready;
            for (;;) static_cast<void>(watch.next(std::chrono::seconds(1)));
        }));
    }
    while ((*ready).load() < static_cast<std::uint64_t>(watchers)) usleep(1000);
    pin_to(0);
    Client client = Client::attach({.grid = broker.grid()}).value();
    const Bytes document = document_from_json(json_of(1)).value();
    Pipeline pipeline = client.pipeline().value();
    std::vector<double> slices;
    const std::size_t writes = scale.samples / 3;
    for (int slice = 0; slice < scale.slices; ++slice) {
        const double before = engine_seconds(broker.pid());
        for (std::size_t i = 0; i < writes; ++i)
            pipeline.put_encoded(name_of(i % 10'000), document).value();
        pipeline.flush().value();
        slices.push_back((engine_seconds(broker.pid()) - before) * 1e9 /
                         static_cast<double>(writes));
    }
    return median(slices);
}

void measure_memory(const std::string& grid, std::size_t records) {
    const shm::Segment segment = shm::Segment::open(grid).value();
    const auto& counters = segment.header().counters;
    const auto used =
        counters.heap_bytes_used.load() + counters.slots_used.load() * sizeof(shm::Slot);
    std::size_t text = 0;
    for (std::size_t i = 0; i < 1000; ++i) text += json_of(i * records / 1000).size();
    report("memory a record, with table, index and slots",
           static_cast<double>(used) / static_cast<double>(records), "bytes",
           static_cast<double>(text) / 1000, "JSON text", 2.0);
}

std::string machine() {
    std::string model = "unknown CPU";
    std::ifstream cpuinfo("/proc/cpuinfo");
    for (std::string line; std::getline(cpuinfo, line);) {
        if (line.rfind("model name", 0) == 0) {
            model = line.substr(line.find(':') + 2);
            break;
        }
    }
    utsname kernel{};
    uname(&kernel);
    std::string pages;
    std::getline(std::ifstream("/sys/kernel/mm/transparent_hugepage/shmem_enabled"), pages);
    return fmt::format("{}, {} cores, Linux {}, huge pages of shared memory: {}", model,
                       sysconf(_SC_NPROCESSORS_ONLN), kernel.release, pages);
}

void print() {
    fmt::print("Machine: {}.\n\n", machine());
    fmt::print(
        "| figure | measured | baseline | ratio | target | met |\n|---|---|---|---|---|---|\n");
    for (const Row& row : rows) {
        fmt::print("| {} | {} | {} | {} | {} | {} |\n", row.figure, row.measured, row.baseline,
                   row.ratio, row.target,
                   row.target.empty() ? ""
                   : row.is_met       ? "yes"
                                      : "no");
    }
}

void run(const Scale& scale) {
    const double round_trip = cache_line_round_trip_ns(scale);
    rows.push_back({"cache line to the other core and back", fmt::format("{:.3g} ns", round_trip),
                    "", "", "", true});
    {
        const Broker small("256MiB");
        Client client = Client::attach({.grid = small.grid()}).value();
        fill(client, 10'000);
        measure_reads(small.grid(), 10'000, scale);
        measure_acknowledged(small.grid(), round_trip, scale);
        measure_pipelined(small.grid(), 10'000, scale);
        measure_watch(small.grid(), round_trip, scale);
        const double one = engine_cost_ns(small, 1, scale);
        const double many = engine_cost_ns(small, 64, scale);
        report("engine's CPU time a change, 64 watchers asleep", many, "ns", one, "one watcher",
               1.1);
    }
    const Broker large("2GiB");
    Client client =
        Client::attach({.grid = large.grid(), .timeout = std::chrono::seconds(60)}).value();
    fill(client, scale.records);
    measure_memory(large.grid(), scale.records);
    measure_scan(client, scale, "records in the order of their names");
    measure_get_many(client, scale.records, scale);
    measure_reads(large.grid(), scale.records, scale);
    measure_pipelined(large.grid(), scale.records, scale);
    measure_scan(client, scale, "records written again at random");
}

}  // namespace
}  // namespace ringside::bench

int main(int argc, char** argv) {
    CLI::App app("Measures the figures of docs/benchmarks.md", "figures");
    ringside::bench::Scale scale;
    bool quick = false;
    app.add_option("--records", scale.records, "Records of the large grid")
        ->check(CLI::Range(10'000, 4'000'000));
    app.add_flag("--quick", quick, "Small counts: shows that it works, measures nothing");
    CLI11_PARSE(app, argc, argv);
    if (quick) scale = {20'000, 6'000, 3};
    ringside::bench::run(scale);
    ringside::bench::print();
    return 0;
}
