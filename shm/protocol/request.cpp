#include "shm/protocol/request.hpp"

#include "shm/base/limits.hpp"

namespace ringside::shm {

namespace {

constexpr std::size_t buffer_bytes_first = 4096;

}  // namespace

RequestWriter::RequestWriter() : builder_(buffer_bytes_first) {}

void RequestWriter::clear() noexcept {
    builder_.Clear();
    commands_.clear();
    is_finished_ = false;
}

void RequestWriter::put(std::string_view name, ByteView document, const CommandTerms& terms) {
    append(wire::CommandKind::put, name, {}, document, terms);
}

void RequestWriter::set_path(std::string_view name, std::string_view pointer, ByteView value,
                             const CommandTerms& terms) {
    append(wire::CommandKind::set_path, name, pointer, value, terms);
}

void RequestWriter::merge(std::string_view name, ByteView patch, const CommandTerms& terms) {
    append(wire::CommandKind::merge, name, {}, patch, terms);
}

void RequestWriter::json_patch(std::string_view name, ByteView patch, const CommandTerms& terms) {
    append(wire::CommandKind::json_patch, name, {}, patch, terms);
}

void RequestWriter::remove(std::string_view name, const CommandTerms& terms) {
    append(wire::CommandKind::remove, name, {}, {}, terms);
}

void RequestWriter::publish(std::string_view subject, ByteView document) {
    append(wire::CommandKind::publish, subject, {}, document, {});
}

void RequestWriter::compact() { append(wire::CommandKind::compact, {}, {}, {}, {}); }

void RequestWriter::close_session(SessionId session) {
    append(wire::CommandKind::close_session, {}, {}, {}, {.expected = session});
}

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> RequestWriter::document_of(
    ByteView document) {
    if (document.empty()) return {};
    builder_.ForceVectorAlignment(document.size(), 1, 8);
    return builder_.CreateVector(document.data(), document.size());
}

void RequestWriter::append(wire::CommandKind kind, std::string_view name, std::string_view pointer,
                           ByteView document, const CommandTerms& terms) {
    if (is_finished_) clear();
    const auto document_at = document_of(document);
    flatbuffers::Offset<flatbuffers::String> pointer_at;
    if (!pointer.empty()) pointer_at = builder_.CreateString(pointer.data(), pointer.size());
    const auto name_at = builder_.CreateString(name.data(), name.size());
    wire::CommandBuilder command(builder_);
    command.add_ttl_ms(terms.ttl_ms);
    command.add_expected(terms.expected);
    command.add_document(document_at);
    command.add_pointer(pointer_at);
    command.add_name(name_at);
    command.add_condition(terms.condition);
    command.add_kind(kind);
    commands_.push_back(command.Finish());
}

ByteView RequestWriter::finish(std::uint64_t number, bool durable) {
    const auto commands_at = builder_.CreateVector(commands_.data(), commands_.size());
    wire::RequestBuilder request(builder_);
    request.add_number(number);
    request.add_commands(commands_at);
    request.add_durable(durable);
    builder_.Finish(request.Finish());
    is_finished_ = true;
    return {builder_.GetBufferPointer(), builder_.GetSize()};
}

ByteView RequestWriter::message(std::uint64_t number, const Message& message) {
    clear();
    const auto document_at = document_of(message.document);
    flatbuffers::Offset<flatbuffers::String> name_at;
    if (!message.name.empty()) {
        name_at = builder_.CreateString(message.name.data(), message.name.size());
    }
    wire::MessageBuilder table(builder_);
    table.add_timeout_ms(message.timeout_ms);
    table.add_id(message.id);
    table.add_document(document_at);
    table.add_name(name_at);
    table.add_kind(message.kind);
    table.add_idempotent(message.is_idempotent);
    const auto message_at = table.Finish();
    wire::RequestBuilder request(builder_);
    request.add_number(number);
    request.add_message(message_at);
    builder_.Finish(request.Finish());
    is_finished_ = true;
    return {builder_.GetBufferPointer(), builder_.GetSize()};
}

ByteView RequestWriter::renumber(std::uint64_t number) noexcept {
    auto* request = flatbuffers::GetMutableRoot<flatbuffers::Table>(builder_.GetBufferPointer());
    request->SetField<std::uint64_t>(wire::Request::VT_NUMBER, number, 0);
    return {builder_.GetBufferPointer(), builder_.GetSize()};
}

}  // namespace ringside::shm
