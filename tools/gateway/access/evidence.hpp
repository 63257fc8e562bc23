#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway {

/// The JSON text of a record, or none if the record does not exist.
using RecordJson = Result<std::optional<std::string>>;

/// Reads the current state of a record by its name in the grid. Errors: those of `Client::get`,
/// except not_found.
using RecordSource = std::function<RecordJson(std::string_view name)>;

/// The documents that a decision may read. They are built on demand.
class Evidence {
public:
    virtual ~Evidence() = default;

    /// See RecordSource.
    [[nodiscard]] virtual RecordJson record(std::string_view name) const = 0;
    /// Returns the new document of a write, or the payload of an event or call, as JSON. None if
    /// there is none.
    [[nodiscard]] virtual std::optional<std::string> data() const = 0;

protected:
    Evidence() = default;
    Evidence(const Evidence&) = default;
    Evidence& operator=(const Evidence&) = default;
};

/// Gives access to records, for actions that carry no document.
class RecordEvidence final : public Evidence {
public:
    /// The source must outlive it.
    explicit RecordEvidence(const RecordSource& source) noexcept : source_(source) {}

    [[nodiscard]] RecordJson record(std::string_view name) const override { return source_(name); }
    [[nodiscard]] std::optional<std::string> data() const override { return std::nullopt; }

private:
    const RecordSource& source_;
};

}  // namespace ringside::gateway
