#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "broker/engine/survey.hpp"
#include "broker/store/store.hpp"
#include "shm/document/verify.hpp"
#include "shm/heap/heap.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/grid_state.hpp"
#include "tools/ringside/report.hpp"

namespace ringside::tools {

namespace {

using broker::Store;
using broker::Survey;

/// The faults that were found.
class Problems {
public:
    void add(std::string text) {
        ++count_;
        if (texts_.size() < shown_max) texts_.push_back({{std::move(text)}});
    }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] const std::vector<std::vector<Report::Cell>>& texts() const { return texts_; }

private:
    static constexpr std::size_t shown_max = 100;
    std::uint64_t count_ = 0;
    std::vector<std::vector<Report::Cell>> texts_;
};

/// Counts the blocks that are allocated according to the table of spans.
std::uint64_t blocks_allocated(const shm::SegmentView& segment) {
    std::uint64_t blocks = 0;
    const std::uint64_t spans = segment.identity().heap.bytes / shm::span_bytes;
    for (std::uint64_t i = 0; i < spans; ++i) {
        const std::uint16_t held = segment.span(i).size_class.load(std::memory_order_relaxed);
        if (held == shm::SpanEntry::large_first) ++blocks;
        else if (held != 0 && held != shm::SpanEntry::large_rest)
            blocks += segment.span(i).used.load(std::memory_order_relaxed);
    }
    return blocks;
}

/// Surveys a segment that no process writes, or that was not written during the survey.
Result<Survey> survey_of(const shm::SegmentView& segment) {
    // A grid with constant writes has short pauses between them.
    constexpr int tries = 200;
    const shm::Word& published = segment.header().commit.published;
    Error failure;
    for (int i = 0; i < tries; ++i) {
        // SYNC published: pairs with W5.
        const Revision before = published.load(std::memory_order_acquire);
        Survey survey(segment);
        auto walked = survey.run();
        if (walked) return survey;
        failure = walked.error();
        // SYNC published: the reads of the survey come before the load below.
        std::atomic_thread_fence(std::memory_order_acquire);
        // SYNC published: pairs with W5; an unchanged revision means that nobody has written.
        if (published.load(std::memory_order_acquire) == before) return failure;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return Error(Errc::timed_out,
                 "the grid changes too fast for a complete check; try again at a lower load: " +
                     failure.detail);
}

void verify_documents(const shm::SegmentView& segment, const Survey& survey, Problems& problems) {
    for (const Survey::Record& record : survey.records) {
        if (record.newest == 0 || record.is_stillborn || record.is_tombstone) continue;
        const shm::VersionBlock& block = *segment.version_at(record.newest);
        const auto checked = block.has_pages() ? verify_pages(block.document(), segment.pages())
                                               : verify_document(block.document());
        if (!checked) {
            problems.add(fmt::format("record '{}': {}", block.name(), checked.error().text()));
        }
    }
}

void verify_segment(const Context& context, Report& report, Problems& problems) {
    auto segment = shm::Segment::open(context.grid);
    report.section("segment");
    if (!segment) {
        report.fact("segment", std::string(name(segment.error().code)));
        if (segment.error() != Errc::no_such_grid) problems.add(segment.error().text());
        return;
    }
    const shm::SegmentView& view = segment->view();
    // While a broker is alive, a pin prevents the reuse of memory that is checked.
    const bool is_served = has_broker(*segment);
    std::optional<Client> client;
    std::optional<Snapshot> pin;
    if (is_served) {
        client.emplace(context.attach());
        pin.emplace(client->snapshot({.lease = std::chrono::minutes(10)}).value());
    }
    const auto survey = survey_of(view);
    report.fact("broker", std::string(is_served ? "alive" : "none"));
    if (!survey) {
        if (survey.error() == Errc::timed_out) throw Exception(survey.error());
        problems.add(survey.error().detail);
        return;
    }
    verify_documents(view, *survey, problems);
    const std::uint64_t allocated = blocks_allocated(view);
    report.fact("revision", survey->published);
    report.fact("records", survey->live);
    report.fact("deleted", survey->tombstones, "memory not yet released by readers");
    report.fact("versions", survey->versions);
    report.fact("index_nodes", survey->nodes);
    report.fact("ring_entries", survey->head - survey->tail);
    report.fact("unpublished", survey->unpublished, "left by a killed broker");
    report.fact("blocks_reachable", survey->blocks_reachable);
    report.fact("blocks_allocated", allocated,
                "including indexes and blocks that wait for readers or a restart");
    report.fact("bytes_reachable", survey->bytes_reachable);
    if (survey->blocks_reachable > allocated && !is_served) {
        problems.add(fmt::format("{} blocks are in use, but only {} are allocated",
                                 survey->blocks_reachable, allocated));
    }
}

/// Adds to the error whether the directory exists.
Error without_store(const std::string& directory, const Error& error) {
    if (error != Errc::not_found) return error;
    std::error_code failure;
    if (std::filesystem::exists(directory, failure)) return {Errc::store_mismatch, error.detail};
    const std::string why = failure ? failure.message() : std::strerror(ENOENT);
    return {Errc::file_unreadable, directory + ": " + why};
}

void verify_store(const std::string& directory, Report& report, Problems& problems) {
    report.section("store");
    auto store = Store::open_read_only(directory);
    if (!store) {
        const Error error = without_store(directory, store.error());
        report.fact("store", std::string(name(error.code)));
        problems.add(error.text());
        return;
    }
    if (!store->warning().empty()) problems.add("store: " + store->warning());
    if (store->is_incomplete())
        problems.add("store is incomplete; restore a backup, or let a broker rewrite it");
    report.fact("grid", store->identity().grid);
    report.fact("id", fmt::format("{:016x}", store->identity().id));
    report.fact("format", std::uint64_t{store->identity().format});
    report.fact("revision", store->revision());
    const auto summary = store->read([](const broker::StoredRecord&) -> Result<void> { return {}; },
                                     [&](std::string_view what, const std::string& why) {
                                         problems.add(fmt::format("store: '{}': {}", what, why));
                                     });
    if (!summary) {
        problems.add(summary.error().text());
        return;
    }
    report.fact("records", summary->records);
    report.fact("damaged", summary->damaged);
    report.fact("gaps", summary->gaps);
    if (auto checked = store->verify_files(); !checked) problems.add(checked.error().text());
}

}  // namespace

void add_verify_command(CLI::App& app, Context& context) {
    auto json = std::make_shared<bool>(false);
    auto directory = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("verify",
                                           "Check structure, checksums and counts of the segment "
                                           "and the store (also works when the broker is down)");
    command->add_option("-d,--data", *directory, "Store directory; a broker can be using it");
    command->add_flag("--json", *json, "Print one JSON object");
    command->footer(
        "Exit status: 0 no problem found, 1 problems found.\n"
        "Example: ringside -g onsale verify --data /var/lib/ringside/onsale");
    command->callback([&context, json, directory] {
        // With neither of them, there is nothing to check, which must not look like success.
        if (auto segment = shm::Segment::open(context.grid);
            directory->empty() && !segment && segment.error() == Errc::no_such_grid) {
            throw Exception(segment.error());
        }
        Report report(*json);
        Problems problems;
        verify_segment(context, report, problems);
        if (!directory->empty()) verify_store(*directory, report, problems);
        report.section("result");
        report.fact("problems", problems.count());
        if (problems.count() > 0) report.table("problems_found", {"problem"}, problems.texts());
        report.print();
        if (problems.count() > 0) context.status = ExitStatus::not_so;
    });
}

}  // namespace ringside::tools
