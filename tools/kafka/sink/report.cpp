#include "tools/kafka/sink/report.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "shm/document/json.hpp"

namespace ringside::kafka {

ReportRecord::ReportRecord(Client& client, const std::string& sink, const std::string& member)
    : client_(client), name_("kafka/" + sink + "/@sink/" + member) {}

Result<void> ReportRecord::write(const SinkReport& report) {
    const auto now = std::chrono::steady_clock::now();
    const SinkCounters& counters = report.counters;
    const double seconds = std::chrono::duration<double>(now - written_at_).count();
    const double sent = double(counters.messages - messages_written_);
    std::string reason;
    append_json_string(report.reason, reason);
    const std::string json = fmt::format(
        R"({{"state":"{}","reason":{},"pid":{},"messages":{},"bytes":{},"rate":{:.0f},)"
        R"("revision":{},"behind":{},"pending":{},"retries":{},"too_large":{},"lagged":{}}})",
        report.state, reason, getpid(), counters.messages, counters.bytes, sent / seconds,
        report.revision, report.behind, report.pending, counters.retries, counters.too_large,
        counters.lagged);
    written_at_ = now;
    messages_written_ = counters.messages;
    const auto written = client_.put(name_, json, {.ttl = time_to_live});
    if (!written) return written.error();
    return {};
}

Result<void> ReportRecord::remove() {
    const auto removed = client_.remove(name_);
    if (!removed) return removed.error();
    return {};
}

}  // namespace ringside::kafka
