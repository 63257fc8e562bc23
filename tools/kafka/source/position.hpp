#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/client.hpp"
#include "shm/document/builder.hpp"

namespace ringside::kafka {

/// Identifies the messages that the offsets of a partition stand for. After a topic was replaced,
/// the same offsets stand for other messages, in another run.
enum class Run : std::uint64_t {};

/// Returns a random run.
[[nodiscard]] Run draw_run();

/// The position of a partition. Its record, `kafka/GROUP/TOPIC/PARTITION`, has exactly these
/// members: {"offset": N, "run": "…"}, the run as 16 lowercase hexadecimal digits.
struct SourcePosition {
    std::int64_t offset = 0;  ///< of the next message to apply; not negative
    /// None if the record was written by an earlier release or by an operator.
    std::optional<Run> run{};

    bool operator==(const SourcePosition&) const = default;
};

/// Returns the name of a position's record.
[[nodiscard]] std::string position_name(std::string_view group, std::string_view topic,
                                        std::int32_t partition);

/// Returns the position in a document, or nothing if the document is anything else.
[[nodiscard]] std::optional<SourcePosition> parse_position(const Value& document);

/// Reads a position from the grid. Returns none if there is no record. Errors: those of
/// `Client::get`; bad_document if the record is not a position.
[[nodiscard]] Result<std::optional<SourcePosition>> read_position(const Client& client,
                                                                  const std::string& name);

/// Writes a position with offset 0 and a new run, whatever the record contains. Errors: those of
/// `Client::commit`.
Result<void> restart_position(Client& client, const std::string& name);

/// Moves positions, as part of the transactions that apply the messages in between.
/// Thread safety: none.
class PositionWriter {
public:
    /// Adds the step from one position to the next. The whole transaction is refused if the record
    /// is not exactly `from`: with test_failed; with not_found if the record is gone; with
    /// condition_failed if there must be no record and there is one.
    void add(Transaction& transaction, const std::string& name,
             const std::optional<SourcePosition>& from, const SourcePosition& to, Grade grade);

private:
    DocumentBuilder builder_;
};

}  // namespace ringside::kafka
