#include "tools/gateway/watch/change_text.hpp"

#include <fmt/format.h>

#include "shm/document/json.hpp"

namespace ringside::gateway {

ChangeText ChangeText::of(const WatchEvent& event, const Pointer& pointer) {
    ChangeText text;
    text.kind_ = ringside::name(event.kind);
    text.is_event_ = event.kind == WatchKind::event;
    text.name_ = event.record.name();
    text.revision_ = event.record.revision();
    std::string& out = text.members_;
    out = fmt::format(R"("kind":"{}","name":)", text.kind_);
    append_json_string(text.name_, out);
    const std::uint64_t time_ns =
        event.kind == WatchKind::current ? event.record.updated_ns() : event.time_ns;
    fmt::format_to(std::back_inserter(out), R"(,"revision":{},"version":{},"time":{})",
                   text.revision_, event.record.version(), time_ns / 1'000'000);
    const Value document = event.record.document();
    text.is_removal_ = !document.exists();
    if (text.is_removal_) return text;
    if (pointer.empty() || text.is_event_) {
        out += R"(,"document":)";
        text.document_at_ = out.size();
        append_json(document, out);
    } else if (const auto value = document.find(pointer)) {
        out += R"(,"value":)";
        append_json(*value, out);
    }
    return text;
}

ChangeText ChangeText::lagged(Revision resumes_at) {
    ChangeText text;
    text.kind_ = ringside::name(WatchKind::lagged);
    text.revision_ = resumes_at;
    text.members_ = fmt::format(R"("kind":"lagged","revision":{})", resumes_at);
    return text;
}

}  // namespace ringside::gateway
