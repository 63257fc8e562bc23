#include "broker/session/decode.hpp"

#include <cstring>
#include <limits>
#include <string>

#include "shm/base/limits.hpp"
#include "shm/document/pointer.hpp"
#include "shm/document/verify.hpp"
#include "shm/name/name.hpp"
#include "shm/name/pattern.hpp"
#include "shm/name/system_name.hpp"
#include "shm/protocol/request.hpp"

namespace ringside::broker {

namespace {

using wire::CommandKind;
using wire::ConditionKind;
using wire::MessageKind;

/// Maximum number of tables visited before a message is refused. Bounds the cost of a message whose
/// offsets all lead to one table. No transaction has as many commands.
constexpr flatbuffers::uoffset_t tables_max = 1'000'000;

std::string_view view_of(const flatbuffers::String* text) noexcept {
    return text == nullptr ? std::string_view() : text->string_view();
}

DecodeFailure broken(const char* what) { return {Error(Errc::bad_request, what), 0, true}; }

bool takes_document(CommandKind kind) noexcept { return kind != CommandKind::remove; }

Result<void> check_subject(std::string_view name,
                           Result<void> (*check_of_name)(std::string_view) = check_name) {
    if (auto checked = check_of_name(name); !checked) return checked.error();
    if (is_reserved(name)) return Error(Errc::reserved_name, std::string(name));
    return {};
}

Result<void> check(const Command& command) {
    // Records that an earlier release has written can be deleted, whatever their names are.
    const auto check_of_name = command.kind == CommandKind::remove ? check_stored_name : check_name;
    if (auto checked = check_subject(command.name, check_of_name); !checked) return checked.error();
    if (command.kind == CommandKind::publish &&
        (command.ttl_ms != 0 || command.condition != ConditionKind::none)) {
        return Error(Errc::bad_request, "an event takes no condition and no time to live");
    }
    if (command.ttl_ms > limits::ttl_ms_max) {
        return Error(Errc::bad_ttl, "at most " + std::to_string(limits::ttl_ms_max) + " ms");
    }
    if (command.kind == CommandKind::set_path) {
        if (auto pointer = JsonPointer::parse(command.pointer); !pointer) return pointer.error();
    }
    if (!takes_document(command.kind)) return {};
    return verify_document(command.document, shm::document_limits_of(command.kind));
}

Result<void> check_closure(const Command& command) {
    const bool has_more = command.ttl_ms != 0 || command.condition != ConditionKind::none ||
                          !command.name.empty() || !command.pointer.empty() ||
                          !command.document.empty();
    if (has_more) {
        return Error(Errc::bad_request,
                     "a command that closes a session takes only the session number");
    }
    if (command.expected == 0 || command.expected > std::numeric_limits<SessionId>::max()) {
        return Error(Errc::bad_request,
                     "no session has the number " + std::to_string(command.expected));
    }
    return {};
}

Result<void> check_of_grid(const Command& command) {
    if (command.kind == CommandKind::compact) return {};
    if (command.kind == CommandKind::close_session) return check_closure(command);
    if (command.ttl_ms != 0 || command.condition != ConditionKind::none ||
        !command.document.empty()) {
        return Error(Errc::bad_request, "an index takes no condition, time to live or document");
    }
    if (auto pattern = Pattern::parse(command.name); !pattern) return pattern.error();
    if (is_reserved(command.name)) return Error(Errc::reserved_name, std::string(command.name));
    if (auto pointer = JsonPointer::parse(command.pointer); !pointer) return pointer.error();
    return check_name(system_name::index(command.name, command.pointer));
}

/// Returns a document's bytes. Returns none if they are not aligned as readers expect.
std::optional<ByteView> aligned(const flatbuffers::Vector<std::uint8_t>* document) noexcept {
    if (document == nullptr) return ByteView();
    if (reinterpret_cast<std::uintptr_t>(document->data()) % 8 != 0) return std::nullopt;
    return ByteView(document->data(), document->size());
}

/// Converts a verified table. Returns false for an unknown enumerator or a misaligned document.
bool shape(const wire::Command& table, Command& command) noexcept {
    if (table.kind() < CommandKind::MIN || table.kind() > CommandKind::MAX) return false;
    if (table.condition() > ConditionKind::MAX) return false;
    command.kind = table.kind();
    command.condition = table.condition();
    command.name = view_of(table.name());
    command.pointer = view_of(table.pointer());
    command.expected = table.expected();
    command.ttl_ms = table.ttl_ms();
    const auto document = aligned(table.document());
    command.document = document.value_or(ByteView());
    return document.has_value();
}

bool has_document(MessageKind kind) noexcept {
    return kind == MessageKind::call || kind == MessageKind::answer || kind == MessageKind::failure;
}

Result<void> check(const Message& message) {
    if (message.kind == MessageKind::call) {
        if (auto checked = check_subject(message.name); !checked) return checked;
        if (message.timeout_ms > limits::call_ms_max) {
            return Error(Errc::bad_timeout,
                         "at most " + std::to_string(limits::call_ms_max) + " ms");
        }
    }
    if (!has_document(message.kind)) return {};
    return verify_document(message.document, shm::message_document_limits);
}

boost::system::result<void, DecodeFailure> decode_message(const wire::Message& table,
                                                          std::size_t bytes, DecodedRequest& out) {
    if (table.kind() < MessageKind::MIN || table.kind() > MessageKind::MAX) {
        return broken("unknown kind of message");
    }
    const auto document = aligned(table.document());
    if (!document) return broken("misaligned document");
    Message& message = out.message.emplace();
    message.kind = table.kind();
    message.id = table.id();
    message.name = view_of(table.name());
    message.document = *document;
    message.timeout_ms = table.timeout_ms();
    message.is_idempotent = table.idempotent();
    if (message.name.size() + message.document.size() > bytes) {
        return broken("name and document overlap");
    }
    if (auto checked = check(message); !checked) return DecodeFailure{checked.error()};
    return {};
}

std::size_t bytes_referred_to(const Command& command) noexcept {
    return command.name.size() + command.pointer.size() + command.document.size();
}

/// Reads a number from bytes. Returns none if it extends beyond their end.
template <class T>
std::optional<T> number_at(ByteView bytes, std::size_t at) noexcept {
    if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
    T number{};
    std::memcpy(&number, bytes.data() + at, sizeof number);
    return number;
}

}  // namespace

/// An encoder builds a message from its end, so that the root table and its offsets come first.
std::optional<std::uint64_t> number_of_part(ByteView beginning) noexcept {
    constexpr std::size_t field = wire::Request::VT_NUMBER;
    const auto table = number_at<flatbuffers::uoffset_t>(beginning, 0);
    if (!table) return std::nullopt;
    const auto back = number_at<flatbuffers::soffset_t>(beginning, *table);
    if (!back) return std::nullopt;
    const std::int64_t offsets = std::int64_t{*table} - *back;
    if (offsets < 0) return std::nullopt;
    const auto offsets_at = static_cast<std::size_t>(offsets);
    const auto size = number_at<flatbuffers::voffset_t>(beginning, offsets_at);
    if (!size || *size < field + sizeof(flatbuffers::voffset_t)) return std::nullopt;
    const auto place = number_at<flatbuffers::voffset_t>(beginning, offsets_at + field);
    if (!place || *place == 0) return std::nullopt;
    const auto number = number_at<std::uint64_t>(beginning, std::size_t{*table} + *place);
    return number && *number != 0 ? number : std::nullopt;
}

boost::system::result<void, DecodeFailure> decode(ByteView message, std::size_t commands_max,
                                                  DecodedRequest& out) {
    out.commands.clear();
    flatbuffers::Verifier::Options options;
    options.max_depth = 4;
    options.max_tables = tables_max;
    flatbuffers::Verifier verifier(message.data(), message.size(), options);
    if (!verifier.VerifyBuffer<wire::Request>(nullptr)) return broken("malformed request");
    const auto& request = *flatbuffers::GetRoot<wire::Request>(message.data());
    out.number = request.number();
    out.durable = request.durable();
    out.message.reset();
    const bool has_commands = request.commands() != nullptr && request.commands()->size() > 0;
    if (out.number == 0 || has_commands == (request.message() != nullptr)) {
        return broken("request without a number, or without exactly one of commands and message");
    }
    if (!has_commands) return decode_message(*request.message(), message.size(), out);
    if (request.commands()->size() > commands_max) {
        return DecodeFailure{
            Error(Errc::transaction_too_large,
                  "at most " + std::to_string(commands_max) + " changes in a transaction")};
    }
    std::size_t bytes_left = message.size();
    for (const wire::Command* table : *request.commands()) {
        Command& command = out.commands.emplace_back();
        if (!shape(*table, command)) return broken("unknown kind of command");
        if (bytes_referred_to(command) > bytes_left) return broken("commands overlap");
        bytes_left -= bytes_referred_to(command);
        const std::size_t index = out.commands.size() - 1;
        if (is_of_grid(command.kind) && request.commands()->size() > 1) {
            return DecodeFailure{
                Error(Errc::bad_request,
                      "a grid-level command must be the only command of its request"),
                index};
        }
        auto checked = is_of_grid(command.kind) ? check_of_grid(command) : check(command);
        if (!checked) {
            return DecodeFailure{checked.error(), index};
        }
    }
    return {};
}

}  // namespace ringside::broker
