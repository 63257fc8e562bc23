#include "tools/kafka/sink/position.hpp"

#include <fmt/format.h>

#include <charconv>

namespace ringside::kafka {

namespace {

std::optional<SinkPosition> parse(const Value& document) {
    const auto revision = document["revision"].as_uint64();
    const auto boot_id = document["boot_id"].as_string();
    if (!revision || !boot_id) return {};
    SinkPosition position{*revision};
    const char* const end = boot_id->data() + boot_id->size();
    const auto [last, wrong] = std::from_chars(boot_id->data(), end, position.boot_id, 16);
    if (wrong != std::errc() || last != end) return {};
    return position;
}

}  // namespace

PositionRecord::PositionRecord(Client& client, const std::string& sink, std::string member)
    : client_(client), name_("kafka/" + sink + "/@position"), member_(std::move(member)) {}

Result<PositionRecord::Content> PositionRecord::read() const {
    const auto record = client_.get(name_);
    if (!record && record.error().code == Errc::not_found) return Content{};
    if (!record) return record.error();
    Content content{record->version()};
    const Value document = record->document();
    content.position = parse(document);
    content.member = document["member"].as_string().value_or("");
    if (!content.position) {
        return Error(
            Errc::bad_document,
            "record '" + name_ + "' does not hold the position of a sink; delete the record");
    }
    return content;
}

Result<std::optional<SinkPosition>> PositionRecord::take_over() {
    auto content = read();
    if (!content) return content.error();
    // Its own content was written by an earlier call that got no answer.
    if (content->version == 0 || !is_own(*content)) found_ = content->position;
    version_ = content->version;
    if (auto written = put(content->position.value_or(SinkPosition())); !written) {
        return written.error();
    }
    return found_;
}

Result<void> PositionRecord::put(const SinkPosition& position) {
    const std::string json = fmt::format(R"({{"revision":{},"boot_id":"{:016x}","member":"{}"}})",
                                         position.revision, position.boot_id, member_);
    const Condition condition =
        version_ == 0 ? Condition::is_absent() : Condition::version_is(version_);
    const auto written = client_.put(name_, json, {.condition = condition});
    if (!written) return written.error();
    version_ = written->version;
    return {};
}

Result<void> PositionRecord::write(const SinkPosition& position) {
    auto written = put(position);
    if (written || written.error().code != Errc::condition_failed) return written;
    // An earlier write may have been applied without an answer, or the grid is another one.
    const auto content = read();
    if (!content) return content.error();
    if (!is_own(*content)) return written;
    version_ = content->version;
    return put(position);
}

Result<bool> PositionRecord::is_own() const {
    const auto content = read();
    if (!content) return content.error();
    return is_own(*content);
}

bool PositionRecord::is_own(const Content& content) const noexcept {
    return content.version == 0 || content.member == member_;
}

}  // namespace ringside::kafka
