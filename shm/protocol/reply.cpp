#include "shm/protocol/reply.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace ringside::shm {

namespace {

/// Returns the position of a word with this value in a message.
std::size_t find_word(ByteView message, std::uint64_t value) noexcept {
    std::array<Byte, sizeof value> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    const auto found = std::search(message.begin(), message.end(), bytes.begin(), bytes.end());
    assert(found != message.end());
    return static_cast<std::size_t>(found - message.begin());
}

/// Returns at most `bytes_max` bytes, without splitting a UTF-8 character.
std::string_view cut(std::string_view text, std::size_t bytes_max) noexcept {
    if (text.size() <= bytes_max) return text;
    while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0U) == 0x80U) {
        --bytes_max;
    }
    return text.substr(0, bytes_max);
}

}  // namespace

ReplyWriter::ReplyWriter() : builder_(1024) {
    constexpr std::uint64_t number = 0x1111'1111'1111'1111;
    constexpr Revision revision = 0x2222'2222'2222'2222;
    constexpr Version version = 0x3333'3333'3333'3333;
    const ByteView message = encode(number, revision, std::span(&version, 1));
    single_.message.assign(message.begin(), message.end());
    single_.number_at = find_word(message, number);
    single_.revision_at = find_word(message, revision);
    single_.version_at = find_word(message, version);
}

ByteView ReplyWriter::committed(std::uint64_t number, Revision revision,
                                std::span<const Version> versions) {
    if (versions.size() != 1) return encode(number, revision, versions);
    std::memcpy(single_.message.data() + single_.number_at, &number, sizeof number);
    std::memcpy(single_.message.data() + single_.revision_at, &revision, sizeof revision);
    std::memcpy(single_.message.data() + single_.version_at, versions.data(), sizeof(Version));
    return single_.message;
}

ByteView ReplyWriter::encode(std::uint64_t number, Revision revision,
                             std::span<const Version> versions) {
    builder_.Clear();
    const auto versions_at = builder_.CreateVector(versions.data(), versions.size());
    wire::ReplyBuilder reply(builder_);
    reply.add_number(number);
    reply.add_revision(revision);
    reply.add_versions(versions_at);
    builder_.Finish(reply.Finish());
    return {builder_.GetBufferPointer(), builder_.GetSize()};
}

ByteView ReplyWriter::refused(std::uint64_t number, const Error& error,
                              std::size_t failed_command) {
    builder_.Clear();
    flatbuffers::Offset<flatbuffers::String> detail_at;
    if (const auto detail = cut(error.detail, reply_detail_bytes_max); !detail.empty()) {
        detail_at = builder_.CreateString(detail.data(), detail.size());
    }
    wire::ReplyBuilder reply(builder_);
    reply.add_number(number);
    reply.add_detail(detail_at);
    reply.add_failed_command(static_cast<std::uint32_t>(failed_command));
    reply.add_error(static_cast<std::uint16_t>(error.code));
    builder_.Finish(reply.Finish());
    assert(builder_.GetSize() <= plain_reply_bytes_max);
    return {builder_.GetBufferPointer(), builder_.GetSize()};
}

ByteView ReplyWriter::delivery(std::uint64_t number, const Delivery& delivery) {
    builder_.Clear();
    flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> document_at;
    if (!delivery.document.empty()) {
        builder_.ForceVectorAlignment(delivery.document.size(), 1, 8);
        document_at = builder_.CreateVector(delivery.document.data(), delivery.document.size());
    }
    flatbuffers::Offset<flatbuffers::String> name_at;
    if (!delivery.name.empty()) {
        name_at = builder_.CreateString(delivery.name.data(), delivery.name.size());
    }
    wire::DeliveryBuilder table(builder_);
    table.add_declaration(delivery.declaration);
    table.add_timeout_ms(delivery.timeout_ms);
    table.add_id(delivery.id);
    table.add_document(document_at);
    table.add_name(name_at);
    table.add_place(delivery.place);
    table.add_kind(delivery.kind);
    const auto delivery_at = table.Finish();
    wire::ReplyBuilder reply(builder_);
    reply.add_number(number);
    reply.add_delivery(delivery_at);
    builder_.Finish(reply.Finish());
    return {builder_.GetBufferPointer(), builder_.GetSize()};
}

std::optional<ReplyView> ReplyView::parse(ByteView message) noexcept {
    flatbuffers::Verifier verifier(message.data(), message.size());
    if (!verifier.VerifyBuffer<wire::Reply>(nullptr)) return std::nullopt;
    return ReplyView(flatbuffers::GetRoot<wire::Reply>(message.data()));
}

}  // namespace ringside::shm
