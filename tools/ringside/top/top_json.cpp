#include <fmt/format.h>

#include <utility>

#include "shm/base/printable.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/top/top_view.hpp"

namespace ringside::tools {

namespace {

/// Builds one JSON object. Numbers keep three digits after the decimal point, times nine.
class JsonObject {
public:
    void text(std::string_view key, std::string_view value) { append_member(out_, key, value); }
    void number(std::string_view key, std::uint64_t value) { append_member(out_, key, value); }
    void number(std::string_view key, std::int64_t value) {
        next() += fmt::format("\"{}\":{}", key, value);
    }
    void rate(std::string_view key, double value) {
        next() += fmt::format("\"{}\":{:.3f}", key, value);
    }
    void percentiles(std::string_view key, const Percentiles& value) {
        next() += fmt::format(R"("{}":{{"p50":{:.9f},"p99":{:.9f}}})", key, value.p50, value.p99);
    }
    template <class Rows, class Fill>
    void list(std::string_view key, const Rows& rows, Fill fill) {
        std::string& out = next();
        out += fmt::format("\"{}\":[", key);
        for (const auto& row : rows) {
            JsonObject object;
            fill(object, row);
            if (out.back() != '[') out += ',';
            out += std::move(object).take();
        }
        out += ']';
    }
    [[nodiscard]] std::string take() && { return std::move(out_) + "}"; }

private:
    std::string& next() {
        if (out_.back() != '{') out_ += ',';
        return out_;
    }
    std::string out_ = "{";
};

void add_state(JsonObject& object, const TopReport& report) {
    object.text("grid", report.grid);
    object.text("broker", name(report.broker));
    object.number("broker_pid", report.broker_pid);
    object.rate("heartbeat_age_s", report.heartbeat_age_s);
    object.text("store_failure", printable(report.store_failure));
    object.number("records", report.records);
    object.number("providers", report.providers);
    object.number("heap_bytes_used", report.heap_bytes_used);
    object.number("heap_bytes", report.heap_bytes);
    object.number("retired_bytes", report.retired_bytes);
    object.number("ring_retained", report.ring_retained);
    object.number("ring_entries", report.ring_entries);
    object.number("revision", report.revision);
    object.number("durable_lag", report.durable_lag);
    object.number("lag", report.lag);
    object.number("pins", report.pins);
    object.number("pins_revoked", report.pins_revoked);
}

void add_work(JsonObject& object, const TopReport& report) {
    object.rate("commits_per_s", report.commits_per_s);
    object.rate("changes_per_s", report.changes_per_s);
    object.rate("refused_per_s", report.refused_per_s);
    object.rate("events_per_s", report.events_per_s);
    object.rate("calls_per_s", report.calls_per_s);
    object.number("calls_under_way", report.calls_under_way);
    object.rate("busy", report.busy);
    object.list("refusals", report.refusals, [](JsonObject& row, const TopRefusal& one) {
        row.text("error", one.error);
        row.rate("per_s", one.per_s);
    });
    object.percentiles("commit_s", report.commit_s);
    object.percentiles("turn_s", report.turn_s);
    object.percentiles("sync_s", report.sync_s);
    object.percentiles("batch_commits", report.batch);
}

}  // namespace

std::string json_of(const TopReport& report) {
    JsonObject object;
    add_state(object, report);
    add_work(object, report);
    object.list("sessions", report.sessions, [](JsonObject& row, const TopSession& one) {
        row.number("session", std::uint64_t{one.id});
        row.number("pid", one.pid);
        row.text("role", one.role);
        row.text("program", printable(one.program));  // it may end within a character
        row.number("lag", one.lag);
        row.number("requests", one.requests);
        row.rate("requests_per_s", one.requests_per_s);
        row.number("pins", one.pins);
    });
    object.list("prefixes", report.prefixes, [](JsonObject& row, const TopPrefix& one) {
        row.text("prefix", one.prefix);
        row.rate("changes_per_s", one.changes_per_s);
    });
    object.list("kafka", report.kafka, [](JsonObject& row, const TopKafka& one) {
        row.text("kind", one.kind);
        row.text("name", one.name);
        row.text("member", one.member);
        row.text("state", one.state);
        row.number("rate", one.rate);
        row.number(one.left_name, one.left);
        row.number(one.lost_name, one.lost);
    });
    return std::move(object).take();
}

}  // namespace ringside::tools
