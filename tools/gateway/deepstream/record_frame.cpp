#include "tools/gateway/deepstream/record_frame.hpp"

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/record_path.hpp"
#include "tools/gateway/deepstream/record_write_plan.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

namespace ringside::gateway::deepstream {

namespace {

/// Encodes a change at one place. Returns none if the change must be sent as a whole document.
std::optional<wire::RecordMessage> patch_of(const WatchEvent& event) {
    if (event.kind != WatchKind::patch || event.path.empty()) return std::nullopt;
    const auto pointer = JsonPointer::parse(event.path);
    if (!pointer) return std::nullopt;
    const Value document = event.record.document();
    auto path = path_of(*pointer, document);
    if (!path) return std::nullopt;
    auto message = record_message(RecordAction::patch);
    message.set_path(*std::move(path));
    if (const auto value = document.find(*pointer)) append_json(*value, *message.mutable_data());
    return message;
}

wire::RecordMessage change_message(const WatchEvent& event) {
    switch (event.kind) {
        case WatchKind::remove:
        case WatchKind::expire: return record_message(RecordAction::deleted);
        case WatchKind::provided: return record_message(RecordAction::has_provider);
        case WatchKind::unprovided: return record_message(RecordAction::has_no_provider);
        default: break;
    }
    auto message = patch_of(event);
    if (!message) {
        message = record_message(RecordAction::update);
        append_json(event.record.document(), *message->mutable_data());
    }
    message->set_is_write_ack(false);
    message->set_version(to_deepstream_version(event.record.version()));
    return *std::move(message);
}

}  // namespace

EncodedChange record_frame(const WatchEvent& event, const JsonPointer&) {
    wire::RecordMessage message = change_message(event);
    message.set_name(from_grid_name(event.record.name()));
    return {frame_of(Topic::record, message)};
}

}  // namespace ringside::gateway::deepstream
