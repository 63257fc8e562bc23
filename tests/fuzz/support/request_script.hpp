#pragma once

#include "shm/document/json.hpp"
#include "shm/protocol/request.hpp"
#include "tests/fuzz/support/input.hpp"

/// Builds requests from a few bytes and lines of text. Most are well formed, so that a fuzzer
/// reaches their effects.
///
///   request: commands, the last with `last_command` in its first byte
///   command: kind and flags | condition | expected | time to live | name | lines
///   lines: name if the name's number has no name, pointer of set_path, document as JSON
namespace ringside::fuzz {

struct ScriptedRequest {
    std::size_t commands = 0;
    bool is_durable = false;
    std::uint64_t pause_ms = 0;  ///< before sending
    std::string only_put;        ///< the name, if its last command puts a document
    Bytes document;
};

namespace script {
inline constexpr unsigned last_command = 0x80;
inline constexpr unsigned pause = 0x40;
inline constexpr unsigned durable = 0x20;
inline constexpr unsigned raw_document = 0x10;  ///< the document's line is used unchanged
inline constexpr std::string_view names[] = {
    "event/1", "event/2", "event/1/seat/A1", "event/1/a/b", "a", "b", "z/ä/日本", "event/3/x-1"};
}  // namespace script

inline void append_command(Input& input, shm::RequestWriter& writer, Revision published,
                           unsigned first, ScriptedRequest& request) {
    const auto kind = static_cast<wire::CommandKind>(1 + (first & 0x0F) % 6);
    shm::CommandTerms terms;
    terms.condition = static_cast<wire::ConditionKind>(input.number() % 4);
    terms.expected = input.number();
    if (terms.condition == wire::ConditionKind::revision) {
        terms.expected = published - std::min(published, terms.expected);
    }
    terms.ttl_ms = input.number() * 4ULL;
    const std::size_t which = input.number();
    const std::string_view name =
        which < std::size(script::names) ? script::names[which] : input.text_until('\n');
    const bool has_pointer = kind == wire::CommandKind::set_path;
    const std::string_view pointer = has_pointer ? input.text_until('\n') : "";
    Bytes document;
    if (kind != wire::CommandKind::remove && kind != wire::CommandKind::compact) {
        const std::string_view line = input.text_until('\n');
        auto read = document_from_json(line);
        if ((first & script::raw_document) != 0) document.assign(line.begin(), line.end());
        else if (read) document = std::move(*read);
    }
    writer.append(kind, name, pointer, document, terms);
    request.only_put = kind == wire::CommandKind::put ? name : "";
    request.document = std::move(document);
    ++request.commands;
}

/// Appends the next request's commands to the writer.
inline ScriptedRequest next_request(Input& input, shm::RequestWriter& writer, Revision published) {
    constexpr std::size_t commands_max = 16;
    ScriptedRequest request;
    unsigned first = 0;
    do {
        first = input.number();
        if ((first & script::pause) != 0) request.pause_ms += input.number();
        request.is_durable = request.is_durable || (first & script::durable) != 0;
        append_command(input, writer, published, first, request);
    } while ((first & script::last_command) == 0 && !input.empty() &&
             request.commands < commands_max);
    return request;
}

}  // namespace ringside::fuzz
