#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"

namespace ringside::gateway {

/// The JSON text of a record; none: there is no such record.
using RecordJson = Result<std::optional<std::string>>;

/// Reads a record as it is now, by its name in the grid. Errors: those of `Client::get`, without
/// not_found.
using RecordSource = std::function<RecordJson(std::string_view name)>;

/// The documents that a decision may look at. They are made only when they are asked for.
class Evidence {
public:
    virtual ~Evidence() = default;

    /// As a RecordSource.
    [[nodiscard]] virtual RecordJson record(std::string_view name) const = 0;
    /// JSON: the new document of a write, or what an event or call carries; none: there is none.
    [[nodiscard]] virtual std::optional<std::string> data() const = 0;

protected:
    Evidence() = default;
    Evidence(const Evidence&) = default;
    Evidence& operator=(const Evidence&) = default;
};

/// Records, and nothing that is written.
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
