#include "tools/gateway/deepstream/wire/frame.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "tools/gateway/deepstream/client_text.hpp"

namespace ringside::gateway::deepstream {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

namespace {

constexpr std::uint32_t topic_tag = 2 << 3 | WireFormatLite::WIRETYPE_VARINT;
constexpr std::uint32_t message_tag = 3 << 3 | WireFormatLite::WIRETYPE_LENGTH_DELIMITED;

const std::uint8_t* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const std::uint8_t*>(text.data());
}

/// Reads a length and that many bytes.
std::optional<std::string_view> take_bytes(CodedInputStream& in, std::string_view all) {
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return std::nullopt;
    const auto at = static_cast<std::size_t>(in.CurrentPosition());
    if (size > all.size() - at) return std::nullopt;
    if (!in.Skip(static_cast<int>(size))) return std::nullopt;
    return all.substr(at, size);
}

}  // namespace

std::optional<Envelope> open_frame(std::string_view frame) {
    CodedInputStream outer(bytes_of(frame), static_cast<int>(frame.size()));
    const auto body = take_bytes(outer, frame);
    if (!body) return std::nullopt;
    CodedInputStream in(bytes_of(*body), static_cast<int>(body->size()));
    Envelope envelope;
    while (const std::uint32_t tag = in.ReadTag()) {
        if (tag == topic_tag) {
            if (!in.ReadVarint32(&envelope.topic)) return std::nullopt;
        } else if (tag == message_tag) {
            const auto message = take_bytes(in, *body);
            if (!message) return std::nullopt;
            envelope.message = *message;
        } else if (!WireFormatLite::SkipField(&in, tag)) {
            return std::nullopt;
        }
    }
    if (static_cast<std::size_t>(in.CurrentPosition()) != body->size()) return std::nullopt;
    return envelope;
}

bool has_client_text(std::string_view message) {
    CodedInputStream in(bytes_of(message), static_cast<int>(message.size()));
    while (const std::uint32_t tag = in.ReadTag()) {
        if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
            const auto text = take_bytes(in, message);
            if (!text || !is_client_text(*text)) return false;
        } else if (!WireFormatLite::SkipField(&in, tag)) {
            return false;
        }
    }
    return static_cast<std::size_t>(in.CurrentPosition()) == message.size();
}

void append_frame(Topic topic, const google::protobuf::MessageLite& message, std::string& out) {
    const auto bytes = static_cast<std::uint32_t>(message.ByteSizeLong());
    const auto topic_number = static_cast<std::uint32_t>(topic);
    const std::size_t envelope_bytes = CodedOutputStream::VarintSize32(topic_number) + 2 +
                                       CodedOutputStream::VarintSize32(bytes) + bytes;
    const auto length = static_cast<std::uint32_t>(envelope_bytes);
    const std::size_t begin = out.size();
    out.resize(begin + CodedOutputStream::VarintSize32(length) + envelope_bytes);
    auto* at = reinterpret_cast<std::uint8_t*>(out.data() + begin);
    at = CodedOutputStream::WriteVarint32ToArray(length, at);
    at = CodedOutputStream::WriteTagToArray(topic_tag, at);
    at = CodedOutputStream::WriteVarint32ToArray(topic_number, at);
    at = CodedOutputStream::WriteTagToArray(message_tag, at);
    at = CodedOutputStream::WriteVarint32ToArray(bytes, at);
    message.SerializeWithCachedSizesToArray(at);
}

std::string frame_of(Topic topic, const google::protobuf::MessageLite& message) {
    std::string frame;
    append_frame(topic, message, frame);
    return frame;
}

}  // namespace ringside::gateway::deepstream
