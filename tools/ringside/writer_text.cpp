#include "tools/ringside/writer_text.hpp"

#include <fmt/format.h>

#include <ctime>

#include "tools/ringside/context.hpp"

namespace ringside::tools {

std::string time_text(std::uint64_t unix_ns) {
    const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    return fmt::format("{}.{:03}Z", text, unix_ns / 1'000'000 % 1000);
}

void append_time(std::string& out, std::uint64_t unix_ns) {
    append_member(out, "time", std::string_view(time_text(unix_ns)));
}

void append_writer(std::string& out, const Writer* writer) {
    if (writer == nullptr) {
        out += ",\"writer\":null";
        return;
    }
    std::string members = "{";
    append_member(members, "session", std::uint64_t{writer->session});
    if (writer->is_known) {
        if (!writer->is_broker()) {
            append_member(members, "pid", std::uint64_t{writer->pid});
            append_member(members, "uid", std::uint64_t{writer->uid});
        }
        append_member(members, "program", std::string_view(writer->program));
        if (!writer->user.empty()) append_member(members, "user", std::string_view(writer->user));
    }
    if (writer->has_ended) members += ",\"ended\":true";
    out += ",\"writer\":" + members + "}";
}

const Writer& KnownWriters::find(SessionId session) {
    // A watch may run for months. The identity of a session that was open may also be out of date.
    if (known_.size() >= writers_max) known_.clear();
    const auto known = known_.find(session);
    if (known != known_.end()) return known->second;
    return known_.emplace(session, client_->writer(session).value()).first->second;
}

}  // namespace ringside::tools
