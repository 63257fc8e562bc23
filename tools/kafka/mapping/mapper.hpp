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

/// A write that a message comes to.
struct MappedWrite {
    Operation operation = Operation::put;
    /// Of a remove: that there is no such record is no error.
    bool ignores_missing = true;
    std::string_view name;  ///< of the record
    ByteView document;      ///< encoded; the patch of a merge or JSON Patch; empty: remove
    std::chrono::milliseconds ttl{};  ///< zero: none
};

/// The rules of one topic, which say what its messages come to.
/// Thread safety: immutable.
class Mapping {
public:
    /// From a table of the configuration that has `[[….rule]]` tables and says what becomes of
    /// messages that no rule is for (`unmatched`); its other keys are left to others.
    /// Error: bad_configuration, with file and line.
    static Result<Mapping> read(const toml::table& topic, const tools::TomlFile& file);

    /// Whether a rule looks at headers.
    [[nodiscard]] bool needs_headers() const noexcept;

    struct Rules;

private:
    friend class Mapper;
    explicit Mapping(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}

    std::shared_ptr<const Rules> rules_;
};

/// Maps messages, one at a time, with memory that it keeps from one to the next.
/// Thread safety: one thread at a time.
class Mapper {
public:
    explicit Mapper(Mapping mapping);
    Mapper(Mapper&&) noexcept;
    Mapper& operator=(Mapper&&) noexcept;
    ~Mapper();

    /// The writes of a message, in the order of the rules; none: filters leave it out, or the rule
    /// skips tombstones. Valid until the next call, and while the message is.
    ///
    /// Errors: why it cannot be mapped, with a detail for people; then none of its writes may
    /// happen. Those of `JsonReader` for value and key; path_not_found (a field is not there),
    /// bad_name, name_too_long and reserved_name (for '$…' and the tool's own records below
    /// 'kafka/'), bad_ttl, bad_patch, number_out_of_range, document_too_large, too_deep, and
    /// bad_document for all else that is not as the rules need it: a type, a text that cannot be
    /// converted, a tombstone or a message without a rule where the rules call that an error.
    Result<std::span<const MappedWrite>> map(const MessageView& message);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ringside::kafka
