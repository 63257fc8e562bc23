#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "bench/figures/figures.hpp"

namespace ringside::bench {

namespace {

constexpr std::size_t idle_sessions = 4000;
constexpr std::size_t sessions_per_process = 500;

/// A session needs three descriptors in its process and two in the broker.
void raise_descriptor_limit() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

/// Processes whose sessions have each read once and are idle.
class IdleSessions {
public:
    IdleSessions(const std::string& grid, std::size_t count) {
        for (std::size_t begun = 0; begun < count; begun += sessions_per_process) {
            const std::size_t many = std::min(sessions_per_process, count - begun);
            children_.push_back(std::make_unique<Child>([&, many] {
                std::vector<Client> clients;
                for (std::size_t i = 0; i < many; ++i) {
                    clients.push_back(
                        Client::attach({.grid = grid, .timeout = std::chrono::seconds(60)})
                            .value());
                    static_cast<void>(clients.back().get(name_of(0)));
                }
                *attached_ += many;
                pause();
            }));
        }
        attached_.await(count, "not all idle sessions have attached");
    }

private:
    SharedFlag attached_;
    std::vector<std::unique_ptr<Child>> children_;
};

/// Returns the time of a pipelined write, in ns.
double pipelined_write_ns(Client& client, const std::vector<std::string>& names,
                          const std::vector<Bytes>& documents) {
    Pipeline pipeline = client.pipeline().value();
    const auto start = Clock::now();
    for (std::size_t i = 0; i < names.size(); ++i) {
        pipeline.put_encoded(names[i], documents[i % documents.size()]).value();
    }
    pipeline.flush().value();
    return ns_since(start) / static_cast<double>(names.size());
}

}  // namespace

void measure_idle_sessions(Report& report, const Scale& scale) {
    raise_descriptor_limit();
    constexpr std::size_t records = 10'000;
    const std::size_t count = scale.samples < 100'000 ? 64 : idle_sessions;
    const Broker crowded("256MiB");
    const Broker quiet("256MiB");
    const auto client_of = [&](const Broker& broker) {
        Client client = Client::attach({.grid = broker.grid()}).value();
        fill(client, records);
        return client;
    };
    Client among_idle = client_of(crowded);
    Client alone = client_of(quiet);
    const IdleSessions idle(crowded.grid(), count);
    pin_to(0);
    const auto documents = some_documents();
    std::vector<std::string> names;
    for (const std::uint32_t i : random_indices(records, scale.samples, 3))
        names.push_back(name_of(i));
    std::vector<double> with_idle;
    std::vector<double> without;
    for (int slice = 0; slice < scale.slices; ++slice) {
        without.push_back(pipelined_write_ns(alone, names, documents));
        with_idle.push_back(pipelined_write_ns(among_idle, names, documents));
    }
    report.ratio(fmt::format("pipelined write, {} idle sessions attached", count), with_idle, "ns",
                 without, "none attached", 1.1);
}

}  // namespace ringside::bench
