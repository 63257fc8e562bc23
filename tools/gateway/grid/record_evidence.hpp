#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/client.hpp"
#include "shm/document/json.hpp"
#include "tools/gateway/access/evidence.hpp"
#include "tools/gateway/grid/preconditions.hpp"
#include "tools/gateway/grid/writer.hpp"

namespace ringside::gateway {

/// Reads the state of a record; empty if there is no such record. Errors: those of `Client::get`
/// except not_found.
[[nodiscard]] Result<std::optional<RecordState>> record_state(const Client& client,
                                                              std::string_view name);

/// A record as it is now.
[[nodiscard]] RecordJson record_json(const Client& client, std::string_view name);

/// A record that is at hand, beside others that are read.
/// All that it is given must outlive it.
class ReadEvidence final : public Evidence {
public:
    /// A view that does not exist is of a record that is not there.
    ReadEvidence(const RecordSource& others, std::string_view name, Value document) noexcept
        : others_(others), name_(name), document_(document) {}

    [[nodiscard]] RecordJson record(std::string_view name) const override;
    [[nodiscard]] std::optional<std::string> data() const override { return std::nullopt; }

private:
    const RecordSource& others_;
    std::string_view name_;
    Value document_;
};

/// What an event or a call carries, beside records: JSON, or a value.
/// All that it is given must outlive it.
class PayloadEvidence final : public Evidence {
public:
    PayloadEvidence(const RecordSource& records, std::string_view json) noexcept
        : records_(records), json_(json) {}
    PayloadEvidence(const RecordSource& records, Value value) noexcept
        : records_(records), value_(value) {}

    [[nodiscard]] RecordJson record(std::string_view name) const override { return records_(name); }
    [[nodiscard]] std::optional<std::string> data() const override {
        return value_.exists() ? to_json(value_) : std::string(json_);
    }

private:
    const RecordSource& records_;
    std::string_view json_{};
    Value value_{};
};

/// A write: the record that it changes, which is read once, and what it makes of it. A decision
/// that has looked at the record holds for that version of it only.
/// Thread safety: one thread.
class WriteEvidence final : public Evidence {
public:
    /// What the write brings, as it is in a request.
    using Content = std::function<Result<Document>()>;

    /// The record's state when it was read; empty if there was no such record.
    using Seen = std::optional<RecordState>;

    /// All that it is given must outlive it. `write` needs no JSON.
    WriteEvidence(const Client& client, const RecordSource& records, const Write& write,
                  Content content)
        : client_(client), records_(records), write_(write), content_(std::move(content)) {}

    [[nodiscard]] RecordJson record(std::string_view name) const override;
    /// None, too, where the record cannot be changed so; the write will say why.
    [[nodiscard]] std::optional<std::string> data() const override;

    /// Looks at the record, unless that was done. Errors: those of `RecordSource`.
    Result<void> look() const;
    [[nodiscard]] const std::optional<Seen>& seen() const noexcept { return seen_; }
    /// Why the record could not be read, or the content of the write is none, if that was found.
    [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

private:
    [[nodiscard]] Result<std::string> make_data() const;

    const Client& client_;
    const RecordSource& records_;
    const Write& write_;
    Content content_;
    mutable std::optional<Seen> seen_;
    mutable std::optional<Document> old_;
    mutable std::optional<Error> failure_;
};

}  // namespace ringside::gateway
