#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "ringside/client.hpp"

namespace ringside::tools {

/// Writes the records of a load. `line` identifies records that are refused later.
class RecordWriter {
public:
    /// Called for a record that was refused after `write` had returned.
    using OnRefused = std::function<void(std::uint64_t line, const Error& error)>;

    virtual ~RecordWriter() = default;

    /// Error: why the record is refused. Throws ringside::Exception if no further record can be
    /// written.
    virtual Result<void> write(std::uint64_t line, std::string_view name, ByteView document,
                               const WriteOptions& options) = 0;

    /// Waits for everything under way. REQUIRES: no record follows. `is_refused`: some records were
    /// refused. Throws ringside::Exception.
    virtual void finish(bool is_refused) = 0;

    /// Returns how many records were written, or would have been.
    [[nodiscard]] virtual std::uint64_t count() const = 0;
};

/// Writes each record separately.
[[nodiscard]] std::unique_ptr<RecordWriter> make_pipeline_writer(
    Client client, bool merges, RecordWriter::OnRefused on_refused);

/// Writes all records in one transaction at the end, or none if any is refused.
[[nodiscard]] std::unique_ptr<RecordWriter> make_atomic_writer(Client client, bool merges);

/// Checks everything that needs no grid, and writes nothing.
[[nodiscard]] std::unique_ptr<RecordWriter> make_checking_writer();

}  // namespace ringside::tools
