#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <memory>

#include "bench/figures/figures.hpp"
#include "tools/support/built_paths.hpp"

namespace ringside::bench {

namespace {

/// A directory for stores on the disk of the working directory, removed at the end.
class Directory {
public:
    Directory() : path_(std::filesystem::current_path() / (Scratch::here().mark() + "stores")) {
        std::filesystem::create_directories(path_);
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

/// A repeatable sequence of writes with prepared names and documents.
struct Writes {
    Writes(std::size_t records, std::size_t count, std::uint64_t seed) {
        for (const std::uint32_t i : random_indices(records, count, seed)) {
            names.push_back(name_of(i));
        }
    }
    std::vector<std::string> names;
    std::vector<Bytes> documents = some_documents();
};

double ns_per_write(Client& client, const Writes& writes, Grade grade) {
    Pipeline pipeline = client.pipeline().value();
    const auto start = Clock::now();
    for (std::size_t i = 0; i < writes.names.size(); ++i) {
        pipeline
            .put_encoded(writes.names[i], writes.documents[i % writes.documents.size()],
                         {.grade = grade})
            .value();
    }
    pipeline.flush().value();
    return ns_since(start) / static_cast<double>(writes.names.size());
}

Client attach(const Broker& broker) {
    return Client::attach({.grid = broker.grid(), .timeout = std::chrono::seconds(120)}).value();
}

void measure_periodic(Report& report, const Directory& directory, std::size_t records,
                      const Scale& scale) {
    const Broker plain("2GiB", {}, Broker::Cores::both);
    const Broker stored("2GiB", {"--data", directory / fmt::format("periodic-{}", records)},
                        Broker::Cores::both);
    Client without = attach(plain);
    Client with = attach(stored);
    fill(without, records);
    fill(with, records);
    const Writes writes(records, scale.samples, 5);
    std::vector<double> measured;
    std::vector<double> baseline;
    for (int slice = 0; slice < scale.slices; ++slice) {
        baseline.push_back(ns_per_write(without, writes, Grade::applied));
        // Includes the time until the store has caught up: a sustained load cannot be faster.
        const auto start = Clock::now();
        ns_per_write(with, writes, Grade::applied);
        with.put(name_of(0), json_of(0), {.grade = Grade::durable}).value();
        measured.push_back(ns_since(start) / static_cast<double>(writes.names.size()));
    }
    report.ratio(fmt::format("pipelined write with periodic durability, {} records", records),
                 measured, "ns", baseline, "memory only", 1 / 0.6);
}

/// RocksDB with default options: the same names and documents in synced batches.
double ns_per_rocksdb_write(rocksdb::DB& database, const Writes& writes) {
    constexpr std::size_t batch_writes = 1000;
    rocksdb::WriteOptions how;
    how.sync = true;
    rocksdb::WriteBatch batch;
    const auto start = Clock::now();
    for (std::size_t i = 0; i < writes.names.size(); ++i) {
        const Bytes& document = writes.documents[i % writes.documents.size()];
        batch.Put(writes.names[i],
                  {reinterpret_cast<const char*>(document.data()), document.size()});
        if (batch.Count() < static_cast<int>(batch_writes) && i + 1 < writes.names.size()) continue;
        if (!database.Write(how, &batch).ok()) throw std::runtime_error("cannot write to disk");
        batch.Clear();
    }
    return ns_since(start) / static_cast<double>(writes.names.size());
}

void measure_durable(Report& report, const Directory& directory, const Scale& scale) {
    const std::size_t records = scale.samples / 3;
    const Broker stored("1GiB", {"--data", directory / "durable"}, Broker::Cores::both);
    Client client = attach(stored);
    fill(client, records);
    rocksdb::Options options;
    options.create_if_missing = true;
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::Open(options, directory / "rocksdb", &opened).ok()) {
        throw std::runtime_error("cannot open RocksDB");
    }
    const std::unique_ptr<rocksdb::DB> database(opened);
    // Each record once, in random order: no writes can be folded.
    Writes writes(records, 0, 9);
    for (std::size_t i = 0; i < records; ++i) writes.names.push_back(name_of(i));
    std::shuffle(writes.names.begin(), writes.names.end(), std::mt19937(9));
    std::vector<double> measured;
    std::vector<double> baseline;
    for (int slice = 0; slice < scale.slices; ++slice) {
        baseline.push_back(ns_per_rocksdb_write(*database, writes));
        measured.push_back(ns_per_write(client, writes, Grade::durable));
    }
    report.ratio("durable write, pipelined, one client", measured, "ns", baseline,
                 "RocksDB, synced batches of 1000", 1 / 0.8);
}

/// Reads records continuously, and keeps the longest time between two reads.
class Reader {
public:
    explicit Reader(const std::string& grid, std::size_t records)
        : child_([&, records] {
              pin_to(0);
              const Client client = Client::attach({.grid = grid}).value();
              auto last = Clock::now();
              for (std::size_t i = 0;; ++i) {
                  if (!client.get(name_of(i * 7919 % records))) ++*failed_;
                  const auto now = Clock::now();
                  const auto gap = static_cast<std::uint64_t>((now - last).count());
                  if (*is_counting_ != 0 && gap > *longest_) *longest_ = gap;
                  last = now;
              }
          }) {
        usleep(100'000);
        *is_counting_ = 1;
    }
    [[nodiscard]] double longest_ms() const { return static_cast<double>(*longest_) / 1e6; }
    [[nodiscard]] std::uint64_t failed() const { return *failed_; }

private:
    SharedFlag longest_;
    SharedFlag failed_;
    SharedFlag is_counting_;
    Child child_;
};

void measure_restarts(Report& report, const Directory& directory, const Scale& scale) {
    Broker broker("2GiB", {"--data", directory / "restart"});
    const Document document = Document::parse(json_of(1)).value();
    std::vector<double> warm;
    double longest_ms = 0;
    std::uint64_t failed = 0;
    {
        Client client = attach(broker);
        fill(client, scale.records);
        client.put(name_of(0), document, {.grade = Grade::durable}).value();
        const Reader reader(broker.grid(), scale.records);
        for (int i = 0; i < 3; ++i) {
            const auto start = Clock::now();
            broker.end(SIGKILL);
            broker.start();
            client.put(name_of(1), document).value();
            warm.push_back(ns_since(start) / 1e6);
            usleep(300'000);
        }
        longest_ms = reader.longest_ms();
        failed = reader.failed();
    }
    report.absolute(
        fmt::format("warm restart, {} records: kill -9 -> first write acknowledged", scale.records),
        median(warm), "ms", Report::Wanted::at_most, 1000);
    report.absolute(
        fmt::format("longest time between two reads meanwhile ({} reads failed)", failed),
        longest_ms, "ms", Report::Wanted::at_most, 5);
    broker.end(SIGTERM);
    const auto start = Clock::now();
    broker.start();
    broker.wait_until_ready();
    report.absolute(fmt::format("cold start from disk, {} records", scale.records),
                    static_cast<double>(scale.records) * 1e9 / ns_since(start), "records/s",
                    Report::Wanted::at_least, 300'000);
}

void measure_standby(Report& report, const Scale& scale) {
    const std::size_t records = std::min<std::size_t>(scale.records, 100'000);
    std::vector<double> taken;
    for (int i = 0; i < 3; ++i) {
        Broker owner("512MiB");
        Client client = attach(owner);
        fill(client, records);
        const Child standby([&] {
            pin_to(1);
            become(built::broker, {built::broker, "--grid", owner.grid(), "--standby"});
        });
        usleep(300'000);
        const auto start = Clock::now();
        kill(owner.pid(), SIGKILL);
        client.put(name_of(1), json_of(1)).value();
        taken.push_back(ns_since(start) / 1e6);
        kill(standby.pid(), SIGTERM);
        for (int wait = 0; wait < 1000 && shm::Segment::open(owner.grid()); ++wait) usleep(1000);
    }
    report.absolute(
        fmt::format("standby, {} records: owner killed -> first write acknowledged", records),
        median(taken), "ms", Report::Wanted::at_most, 200);
}

}  // namespace

void measure_durability(Report& report, const Scale& scale) {
    const Directory directory;
    unpin();
    measure_periodic(report, directory, 10'000, scale);
    measure_periodic(report, directory, scale.records, scale);
    measure_durable(report, directory, scale);
    measure_restarts(report, directory, scale);
    measure_standby(report, scale);
}

}  // namespace ringside::bench
