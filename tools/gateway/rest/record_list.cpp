#include "tools/gateway/rest/record_list.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/gateway/rest/departure.hpp"
#include "tools/gateway/rest/parameters.hpp"

namespace ringside::gateway {

void SnapshotShelf::release_expired() {
    const auto now = Clock::now();
    const std::lock_guard lock(mutex_);
    std::erase_if(kept_, [&](const Kept& kept) { return kept.until <= now; });
}

std::size_t SnapshotShelf::size() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
}

Result<std::shared_ptr<const Snapshot>> SnapshotShelf::at(std::optional<Revision> revision) {
    release_expired();
    if (revision) {
        const std::lock_guard lock(mutex_);
        for (const Kept& kept : kept_) {
            if (kept.snapshot->revision() == *revision) return kept.snapshot;
        }
    }
    auto opened = client_.snapshot({.revision = revision, .lease = 2 * time_});
    if (!opened) return opened.error();
    return std::make_shared<const Snapshot>(*std::move(opened));
}

void SnapshotShelf::keep(std::shared_ptr<const Snapshot> snapshot) {
    const std::lock_guard lock(mutex_);
    std::erase_if(
        kept_, [&](const Kept& kept) { return kept.snapshot->revision() == snapshot->revision(); });
    if (kept_.size() == snapshots_max) kept_.pop_front();
    kept_.push_back({std::move(snapshot), Clock::now() + time_});
}

Task<Response> RecordListResource::handle(Request& request, const Requester& requester) {
    if (!request.is_read()) co_return other_method(request, "GET, HEAD, OPTIONS");
    ++operations_.figures().reads;
    auto page = page_of(request, requester);
    if (!page) co_return Response::of(page.error());
    WorkPool& pool = operations_.grid().lists();
    if (auto problem = pool.refuse(requester.account())) co_return Response::of(*problem);
    const Departure departure(request);
    page->gone = departure.signal();
    auto task = [this, page = *std::move(page)] { return make(page); };
    auto made = co_await pool.run(requester.account(), std::move(task));
    if (!made) co_return Response::of(made.error());
    Response response = Response::json(*std::move(made));
    response.add("Cache-Control", "no-cache");
    co_return response;
}

Outcome<RecordListResource::Page> RecordListResource::page_of(const Request& request,
                                                              const Requester& requester) const {
    if (auto problem = check_parameters(
            request, {"pattern", "limit", "after", "revision", "documents", "timeout_ms"})) {
        return *std::move(problem);
    }
    const std::string* text = request.parameters.find("pattern");
    const std::string pattern_text = text == nullptr ? "**" : *text;
    auto pattern = Pattern::parse(pattern_text);
    if (!pattern) return Problem::of(pattern.error());
    if (auto problem = requester.refuse_pattern(Action::read, *pattern)) {
        return *std::move(problem);
    }
    const auto limit = number_parameter(request, "limit", 1, page_max);
    if (!limit) return limit.error();
    const auto revision = number_parameter(request, "revision", 0, ~std::uint64_t{0});
    if (!revision) return revision.error();
    const auto documents = flag_parameter(request, "documents", true);
    if (!documents) return documents.error();
    const auto timeout =
        number_parameter(request, "timeout_ms", 1, static_cast<std::uint64_t>(page_time.count()));
    if (!timeout) return timeout.error();
    const std::string* after = request.parameters.find("after");
    return Page{pattern_text,
                *std::move(pattern),
                limit->value_or(page_default),
                after == nullptr ? std::string() : *after,
                *revision,
                *documents,
                requester,
                *timeout};
}

Outcome<std::string> RecordListResource::make(const Page& page) {
    if (page.gone->is_stopped()) return Problem::of(Error(Errc::query_interrupted));
    auto snapshot = shelf_.at(page.revision);
    if (!snapshot) return Problem::of(snapshot.error());
    // The name that follows `after` in byte order.
    NameRange range;
    if (!page.after.empty()) range.begin = page.after + '\0';
    auto cursor = (*snapshot)->cursor(page.pattern_text, range);
    if (!cursor) return Problem::of(cursor.error());
    const bool reads_all =
        page.requester.permissions->coverage(Action::read, page.pattern) == Coverage::all;
    std::string out = fmt::format(R"({{"revision":{},"records":[)", (*snapshot)->revision());
    constexpr std::uint64_t records_between_looks = 64;
    const auto due = std::chrono::steady_clock::now() +
                     (page.timeout_ms ? std::chrono::milliseconds(*page.timeout_ms) : page_time);
    std::uint64_t count = 0;
    std::uint64_t looked_at = 0;
    std::string last;
    bool has_more = false;
    while (!has_more) {
        const auto batch = cursor->next();
        if (!batch) return Problem::of(batch.error());
        if (batch->empty()) break;
        for (const RecordView& record : *batch) {
            if (++looked_at % records_between_looks == 0) {
                if (page.gone->is_stopped()) return Problem::of(Error(Errc::query_interrupted));
                has_more = std::chrono::steady_clock::now() >= due;
                if (has_more) break;
            }
            if (!reads_all) {
                const ReadEvidence evidence(operations_.grid().records(), record.name(),
                                            record.document());
                if (!page.requester.may(Action::read, record.name(), evidence)) {
                    last = record.name();
                    continue;
                }
            }
            if (count == page.limit || out.size() >= page_bytes) {
                has_more = true;
                break;
            }
            out += count++ == 0 ? R"({"name":)" : R"(,{"name":)";
            append_json_string(record.name(), out);
            fmt::format_to(std::back_inserter(out), R"(,"version":{},"revision":{},"updated":{})",
                           record.version(), record.revision(), record.updated_ns() / 1'000'000);
            if (page.has_documents) {
                out += R"(,"document":)";
                append_json(record.document(), out);
            }
            out += '}';
            last = record.name();
        }
    }
    // The last records are valid only if the pin still holds.
    if (const auto whole = (*snapshot)->check(); !whole) return Problem::of(whole.error());
    out += ']';
    if (has_more) {
        shelf_.keep(*snapshot);
        out += R"(,"next":)";
        append_json_string(
            fmt::format("/v1/records?pattern={}&limit={}&after={}&revision={}{}{}",
                        percent_encoded(page.pattern_text), page.limit, percent_encoded(last),
                        (*snapshot)->revision(), page.has_documents ? "" : "&documents=false",
                        page.timeout_ms ? fmt::format("&timeout_ms={}", *page.timeout_ms) : ""),
            out);
    }
    return out + '}';
}

}  // namespace ringside::gateway
