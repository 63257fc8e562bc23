#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/base/types.hpp"
#include "tools/kafka/message.hpp"
#include "tools/support/toml_file.hpp"

namespace ringside::kafka {

enum class Operation : std::uint8_t { put, merge, json_patch, remove };

/// A write that results from a message.
struct MappedWrite {
    Operation operation = Operation::put;
    /// For a remove: a missing record is not an error.
    bool ignores_missing = true;
    std::string_view name;  ///< of the record
    ByteView document;      ///< encoded; the patch for a merge or JSON Patch; empty for a remove
    std::chrono::milliseconds ttl{};  ///< zero for none
};

/// The rules for the messages of one topic.
/// Thread safety: immutable.
class Mapping {
public:
    /// Reads a table of the configuration with `[[….rule]]` tables and `unmatched`, which decides
    /// about messages that no rule applies to. Ignores other keys.
    /// Error: bad_configuration, with file and line.
    static Result<Mapping> read(const toml::table& topic, const tools::TomlFile& file);

    /// Returns whether a rule reads headers.
    [[nodiscard]] bool needs_headers() const noexcept;

    struct Rules;

private:
    friend class Mapper;
    explicit Mapping(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

    std::shared_ptr<const Rules> rules_;
};

/// Maps messages one at a time, and reuses its memory.
/// Thread safety: one thread at a time.
class Mapper {
public:
    explicit Mapper(Mapping mapping);
    Mapper(Mapper&&) noexcept;
    Mapper& operator=(Mapper&&) noexcept;
    ~Mapper();

    /// Returns the writes of a message in the order of the rules. Returns none if filters leave it
    /// out, or the rule skips tombstones. Valid until the next call, and as long as the message.
    ///
    /// Errors: why it cannot be mapped, with a detail for people; none of its writes may be applied
    /// then. Those of `JsonReader` for value and key; path_not_found (a missing field), bad_name,
    /// name_too_long and reserved_name (for '$…' and the tool's own records below 'kafka/'),
    /// bad_ttl, bad_patch, number_out_of_range, document_too_large, too_deep. bad_document for all
    /// other faults: a wrong type, a text that cannot be converted, a tombstone or a message
    /// without a rule if the rules treat that as an error.
    Result<std::span<const MappedWrite>> map(const MessageView& message);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ringside::kafka
