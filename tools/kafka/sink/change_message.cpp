#include "tools/kafka/sink/change_message.hpp"

#include <fmt/format.h>

#include <charconv>

#include "shm/document/json.hpp"
#include "tools/kafka/sink/json_patch.hpp"

namespace ringside::kafka {

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

bool is_gone(WatchKind kind) noexcept {
    return kind == WatchKind::remove || kind == WatchKind::expire;
}

}  // namespace

const OutgoingMessage& ChangeMessage::of(const WatchEvent& event) {
    begin(name(event.kind));
    describe(event.record, event.time_ns);
    message_.timestamp_ms = std::int64_t(event.time_ns / ns_per_ms);
    if (is_gone(event.kind)) return message_;
    const bool is_patch = options_.value == ValueForm::change && event.kind == WatchKind::patch &&
                          append_json_patch(event.record.document(), event.path, value_);
    if (!is_patch) append_json(event.record.document(), value_);
    set_value(is_patch ? "json-patch" : "document");
    return message_;
}

const OutgoingMessage& ChangeMessage::current(const RecordView& record) {
    begin(name(WatchKind::current));
    describe(record, record.updated_ns());
    append_json(record.document(), value_);
    set_value("document");
    return message_;
}

const OutgoingMessage& ChangeMessage::lagged(std::uint64_t missed, Revision resumes_at) {
    begin(name(WatchKind::lagged));
    add_header("ringside.revision", resumes_at);
    add_header("ringside.resumes_at", resumes_at);
    if (missed > 0) {
        add_header("ringside.missed", missed);
        value_ = fmt::format(R"({{"missed":{},"resumes_at":{}}})", missed, resumes_at);
    } else {
        value_ = fmt::format(R"({{"missed":null,"resumes_at":{}}})", resumes_at);
    }
    make_marker();
    return message_;
}

const OutgoingMessage& ChangeMessage::resumed(Revision revision) {
    begin("resumed");
    add_header("ringside.revision", revision);
    value_ = fmt::format(R"({{"revision":{}}})", revision);
    make_marker();
    return message_;
}

void ChangeMessage::begin(std::string_view kind) {
    message_ = {};
    value_.clear();
    header_count_ = 0;
    add_header("ringside.kind", kind);
}

void ChangeMessage::add_header(std::string_view name, std::string_view value) {
    headers_[header_count_++] = {name, value};
    message_.headers = std::span(headers_).first(header_count_);
}

void ChangeMessage::add_header(std::string_view name, std::uint64_t value) {
    auto& text = numbers_[header_count_].text;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
    add_header(name, std::string_view(text.data(), std::size_t(written.ptr - text.data())));
}

void ChangeMessage::describe(const RecordView& record, std::uint64_t time_ns) {
    name_ = record.name();
    message_.key = name_;
    add_header("ringside.revision", record.revision());
    add_header("ringside.version", record.version());
    add_header("ringside.time", time_ns / ns_per_ms);
}

void ChangeMessage::set_value(std::string_view content) {
    message_.value = value_;
    add_header("ringside.content", content);
}

void ChangeMessage::make_marker() {
    message_.value = value_;
    if (options_.marker_key) message_.key = *options_.marker_key;
}

}  // namespace ringside::kafka
