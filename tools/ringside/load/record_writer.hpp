#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "ringside/client.hpp"

namespace ringside::tools {

/// Takes the records of a load. `line` tells refusals that come later.
class RecordWriter {
public:
    /// Called for a record that was refused after `write` had returned.
    using OnRefused = std::function<void(std::uint64_t line, const Error& error)>;

    virtual ~RecordWriter() = default;

    /// Error: why the record is refused. Throws ringside::Exception where no other can be written,
    /// either.
    virtual Result<void> write(std::uint64_t line, std::string_view name, ByteView document,
                               const WriteOptions& options) = 0;

    /// Waits for what is under way. REQUIRES: no record follows. `is_refused`: some were refused.
    /// Throws ringside::Exception.
    virtual void finish(bool is_refused) = 0;

    /// How many have been written, or would have been.
    [[nodiscard]] virtual std::uint64_t count() const = 0;
};

/// Writes each record for itself.
[[nodiscard]] std::unique_ptr<RecordWriter> make_pipeline_writer(
    Client client, bool merges, RecordWriter::OnRefused on_refused);

/// Writes all records in one transaction when the last one has come, or none if any is refused.
[[nodiscard]] std::unique_ptr<RecordWriter> make_atomic_writer(Client client, bool merges);

/// Checks what can be checked without a grid, and writes nothing.
[[nodiscard]] std::unique_ptr<RecordWriter> make_checking_writer();

}  // namespace ringside::tools
