#include <fmt/format.h>

#include "bench/figures/figures.hpp"
#include "bench/support/stage.hpp"

namespace ringside::bench {

namespace {

constexpr std::size_t seats_of_a_section = 500;

std::string hall_of(std::size_t seats) {
    std::string json = R"({"name":"hall","sections":{)";
    for (std::size_t i = 0; i < seats; ++i) {
        const std::size_t section = 101 + i / seats_of_a_section;
        const std::size_t seat = i % seats_of_a_section;
        if (seat == 0) json += fmt::format(R"({}"{}":{{"seats":{{)", i == 0 ? "" : "}},", section);
        json += fmt::format(R"({}"A{}":{{"status":"free","price":{},"holder":"c-{:06}"}})",
                            seat == 0 ? "" : ",", seat, 2000 + i % 7000, i);
    }
    return json + "}}}}";
}

std::string flat_of(std::size_t seats) {
    std::string json = "{";
    for (std::size_t i = 0; i < seats; ++i) {
        json += fmt::format(R"({}"A{}":"free")", i == 0 ? "" : ",", i);
    }
    return json + "}";
}

/// Random changes of the seats of one record, in the engine's own thread.
class Hall {
public:
    Hall(const std::string& json, std::size_t seats, bool is_nested)
        : seats_(seats), is_nested_(is_nested) {
        commit(wire::CommandKind::put, document_from_json(json).value(), {});
    }

    /// Returns the time of one change, including publication and reclamation.
    double slice(std::size_t changes) {
        const auto picked = random_indices(seats_, changes, 3);
        const auto start = Clock::now();
        for (const std::uint32_t i : picked) {
            commit(wire::CommandKind::set_path, states_[i % 2], path_of(i));
            if (i % 16 == 0) stage_.grid().reclaim();
        }
        return ns_since(start) / static_cast<double>(changes);
    }

private:
    [[nodiscard]] std::string path_of(std::size_t i) const {
        if (!is_nested_) return fmt::format("/A{}", i);
        return fmt::format("/sections/{}/seats/A{}/status", 101 + i / seats_of_a_section,
                           i % seats_of_a_section);
    }
    void commit(wire::CommandKind kind, const Bytes& document, const std::string& path) {
        broker::Command command;
        command.kind = kind;
        command.name = "hall";
        command.document = document;
        command.pointer = path;
        const auto done = stage_.grid().commit(std::span(&command, 1), {}, versions_);
        if (!done) throw Exception(done.error().error);
        stage_.grid().publish();
    }

    Stage stage_{{.memory_bytes = 64ULL << 20, .ring_entries = 1U << 12}};
    std::size_t seats_;
    bool is_nested_;
    std::vector<Version> versions_;
    Bytes states_[2] = {document_from_json(R"("sold")").value(),
                        document_from_json(R"("free")").value()};
};

}  // namespace

void measure_patches(Report& report, const Scale& scale) {
    pin_to(0);
    const std::size_t changes = scale.samples / 30;
    for (const bool is_nested : {true, false}) {
        const auto make = [&](std::size_t seats) {
            return Hall(is_nested ? hall_of(seats) : flat_of(seats), seats, is_nested);
        };
        Hall small = make(10);
        for (const std::size_t seats : {500, 20'000}) {
            Hall large = make(seats);
            std::vector<double> ours;
            std::vector<double> base;
            for (int slice = 0; slice < scale.slices; ++slice) {
                ours.push_back(large.slice(changes));
                base.push_back(small.slice(changes));
            }
            report.ratio(fmt::format("patch of one seat in {}, {}", seats,
                                     is_nested ? "nested" : "one flat object"),
                         ours, "ns", base, "in 10", is_nested ? 5 : 20);
        }
    }
}

}  // namespace ringside::bench
