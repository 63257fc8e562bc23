#include "tools/kafka/source/state_record.hpp"

#include <fmt/format.h>

#include <array>

namespace ringside::kafka {

namespace {

constexpr std::array<std::string_view, 8> names = {"joining",   "standby", "loading", "following",
                                                   "caught_up", "held",    "waiting", "ending"};

std::string in_quotes(std::string_view text) {
    std::string quoted;
    append_json_string(text, quoted);
    return quoted;
}

std::string or_null(const std::optional<std::int64_t>& number) {
    return number ? std::to_string(*number) : "null";
}

}  // namespace

std::string_view name(SourceState state) noexcept { return names[static_cast<std::size_t>(state)]; }

std::string state_name(std::string_view group, std::string_view member) {
    return fmt::format("kafka/{}/@source/{}", group, member);
}

std::string to_json(const SourceReport& report) {
    const Counters& counts = report.counters;
    std::optional<std::int64_t> lag = 0;
    for (const auto& partition : report.partitions) {
        lag = lag && partition.lag ? std::optional(*lag + *partition.lag) : std::nullopt;
    }
    std::string json = fmt::format(
        R"({{"state":"{}","reason":{},"pid":{},"since_ms":{},"messages":{},"commits":{},)"
        R"("writes":{},"filtered":{},"dead_letters":{},"duplicates":{},"retries":{},"resets":{},)"
        R"("rate":{},"lag":{},"partitions":[)",
        name(report.state), in_quotes(report.reason), report.pid, report.since_ms, counts.messages,
        counts.commits, counts.writes, counts.filtered, counts.dead_letters, counts.duplicates,
        counts.retries, counts.resets, report.rate, or_null(lag));
    const char* comma = "";
    for (const auto& partition : report.partitions) {
        json += fmt::format(R"({}{{"topic":{},"partition":{},"offset":{},"lag":{}}})", comma,
                            in_quotes(partition.topic), partition.partition,
                            or_null(partition.offset), or_null(partition.lag));
        comma = ",";
    }
    return json + "]}";
}

Result<Readiness> readiness_of(const Client& client, const std::string& group,
                               std::int64_t max_lag) {
    const auto snapshot = client.snapshot();
    if (!snapshot) return snapshot.error();
    std::size_t working = 0;
    std::size_t living = 0;
    std::int64_t lag = 0;
    bool is_lag_known = true;
    std::string reason;
    auto scanned = snapshot->scan(state_name(group, "*"), [&](const RecordView& record) {
        const Value report = record.document();
        const auto state = report["state"].as_string().value_or("");
        ++living;
        if (state == name(SourceState::standby)) return true;
        ++working;
        const auto behind = report["lag"].as_int64();
        is_lag_known = is_lag_known && behind;
        lag += behind.value_or(0);
        const bool is_caught_up = state == name(SourceState::caught_up);
        const bool follows = is_caught_up || state == name(SourceState::following);
        if (max_lag == 0 ? is_caught_up : follows) return true;
        const auto why = report["reason"].as_string().value_or("");
        reason = fmt::format("source is {}{}{}", state, why.empty() ? "" : ": ", why);
        return true;
    });
    if (!scanned) return scanned.error();
    if (living == 0) return Readiness{false, "no source of group '" + group + "' is running"};
    if (working == 0) return Readiness{false, "no source has partitions assigned"};
    if (!reason.empty()) return Readiness{false, reason + fmt::format(" ({} behind)", lag)};
    if (max_lag > 0 && !is_lag_known) {
        return Readiness{false, "lag of the sources is not known yet"};
    }
    if (max_lag > 0 && lag > max_lag) {
        return Readiness{false, fmt::format("{} messages behind", lag)};
    }
    return Readiness{
        true,
        fmt::format("ready: {} caught up, {} messages behind",
                    working == 1 ? "1 source has" : fmt::format("{} sources have", working), lag)};
}

}  // namespace ringside::kafka
