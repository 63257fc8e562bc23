#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "shm/base/limits.hpp"
#include "shm/document/json.hpp"
#include "shm/name/name.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tools/gateway/deepstream/client_text.hpp"
#include "tools/gateway/deepstream/names.hpp"
#include "tools/gateway/deepstream/record_path.hpp"
#include "tools/gateway/deepstream/wire/frame.hpp"

/// A frame of deepstream's protocol: it is either a message or refused. The message's request
/// results in a valid change of a document, or in an error.
using namespace ringside;
using namespace ringside::gateway::deepstream;
using fuzz::require;

namespace {

const Bytes& document() {
    static const Bytes bytes =
        document_from_json(R"({"a":{"b":[1,{"c":null}],"d":"x"},"e":[[],{}]})").value();
    return bytes;
}

void check_change(const RecordChange& change) {
    const auto changed = changed_text(Value::of(document()), change);
    if (changed) require(document_from_json(*changed).has_value(), "a change makes a document");
}

void check_record(const wire::RecordMessage& message) {
    // A session accepts only text.
    if (!is_client_text(message.name())) return;
    const std::string grid_name = to_grid_name(message.name());
    require(from_grid_name(grid_name) == message.name(), "a name comes back");
    if (grid_name.size() <= limits::name_bytes_max && !grid_name.empty()) {
        require(check_name(grid_name).has_value(), "and is one of the grid");
        require(!is_reserved(grid_name), "that is nobody's own");
    }
    const Value value = Value::of(document());
    if (const auto path = parse_path(message.path())) {
        check_change(set_path(value, *path, message.data()));
        check_change(erase_path(value, *path));
    }
    const auto pointer = JsonPointer::parse(message.path());
    const auto back = pointer ? path_of(*pointer, value) : std::nullopt;
    if (back && !back->empty()) require(parse_path(*back).has_value(), "a path back is a path");
    if (const auto change = apply_patches(value, message.data())) check_change(*change);
}

/// Serializes the message with the entries of maps, which have no order, sorted.
std::string canonical(const google::protobuf::MessageLite& message) {
    std::string bytes;
    {
        google::protobuf::io::StringOutputStream text(&bytes);
        google::protobuf::io::CodedOutputStream out(&text);
        out.SetSerializationDeterministic(true);
        require(message.SerializeToCodedStream(&out), "a message is written");
    }
    return bytes;
}

template <class Message>
Message parsed(std::string_view bytes, bool& is_one) {
    Message message;
    is_one = message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    if (!is_one) return message;
    const std::string frame = frame_of(topic_of(&message), message);
    const auto again = open_frame(frame);
    require(again && again->topic == static_cast<std::uint32_t>(topic_of(&message)),
            "what was written is a frame");
    Message same;
    require(same.ParseFromArray(again->message.data(), static_cast<int>(again->message.size())) &&
                canonical(same) == canonical(message),
            "of the same message");
    return message;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto envelope = open_frame(bytes);
    if (!envelope) return 0;
    bool is_one = false;
    switch (static_cast<Topic>(envelope->topic)) {
        case Topic::record: {
            const auto message = parsed<wire::RecordMessage>(envelope->message, is_one);
            if (is_one) check_record(message);
            break;
        }
        case Topic::event: parsed<wire::EventMessage>(envelope->message, is_one); break;
        case Topic::rpc: parsed<wire::RpcMessage>(envelope->message, is_one); break;
        case Topic::presence: parsed<wire::PresenceMessage>(envelope->message, is_one); break;
        case Topic::connection: parsed<wire::ConnectionMessage>(envelope->message, is_one); break;
        case Topic::auth: parsed<wire::AuthMessage>(envelope->message, is_one); break;
        case Topic::parser: parsed<wire::ParserMessage>(envelope->message, is_one); break;
    }
    return 0;
}
