#include "tools/gateway/watch/change_text.hpp"

#include <fmt/format.h>

#include "shm/document/json.hpp"

namespace ringside::gateway {

EncodedChange json_members(const WatchEvent& event, const JsonPointer& pointer) {
    EncodedChange made{fmt::format(R"("kind":"{}","name":)", ringside::name(event.kind))};
    std::string& out = made.text;
    append_json_string(event.record.name(), out);
    const std::uint64_t time_ns =
        event.kind == WatchKind::current ? event.record.updated_ns() : event.time_ns;
    fmt::format_to(std::back_inserter(out), R"(,"revision":{},"version":{},"time":{})",
                   event.record.revision(), event.record.version(), time_ns / 1'000'000);
    const Value document = event.record.document();
    if (!document.exists()) return made;
    if (pointer.empty() || event.kind == WatchKind::event) {
        out += R"(,"document":)";
        made.document_at = out.size();
        append_json(document, out);
    } else if (const auto value = document.find(pointer)) {
        out += R"(,"value":)";
        append_json(*value, out);
    }
    return made;
}

ChangeText ChangeText::of(const WatchEvent& event, const JsonPointer& pointer,
                          ChangeEncoder encode) {
    ChangeText text;
    text.kind_ = event.kind;
    text.name_ = event.record.name();
    text.revision_ = event.record.revision();
    text.version_ = event.record.version();
    text.position_ = event.position;
    text.encoded_ = encode(event, pointer);
    return text;
}

ChangeText ChangeText::lagged(Revision resumes_at) {
    ChangeText text;
    text.kind_ = WatchKind::lagged;
    text.revision_ = resumes_at;
    text.encoded_.text = fmt::format(R"("kind":"lagged","revision":{})", resumes_at);
    return text;
}

}  // namespace ringside::gateway
