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

/// Reads the current state of a record.
[[nodiscard]] RecordJson record_json(const Client& client, std::string_view name);

/// Evidence with one record that was read already; others are read on demand.
/// All arguments must outlive it.
class ReadEvidence final : public Evidence {
public:
    /// A view that does not exist stands for a record that does not exist.
    ReadEvidence(const RecordSource& others, std::string_view name, Value document) noexcept
        : others_(others), name_(name), document_(document) {}

    [[nodiscard]] RecordJson record(std::string_view name) const override;
    [[nodiscard]] std::optional<std::string> data() const override { return std::nullopt; }

private:
    const RecordSource& others_;
    std::string_view name_;
    Value document_;
};

/// Evidence with the payload of an event or a call, as JSON or as a value, in addition to records.
/// All arguments must outlive it.
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

/// Evidence for a write: the record that it changes, which is read once, and the result. A decision
/// that has read the record is valid for that version only.
/// Thread safety: one thread.
class WriteEvidence final : public Evidence {
public:
    /// The content of the write as the request holds it.
    using Content = std::function<Result<Document>()>;

    /// The record's state when it was read; empty if there was no such record.
    using Seen = std::optional<RecordState>;

    /// All arguments must outlive it. `write` needs no JSON.
    WriteEvidence(const Client& client, const RecordSource& records, const Write& write,
                  Content content)
        : client_(client), records_(records), write_(write), content_(std::move(content)) {}

    [[nodiscard]] RecordJson record(std::string_view name) const override;
    /// Also returns none if the record cannot be changed in this way; the write reports the reason.
    [[nodiscard]] std::optional<std::string> data() const override;

    /// Reads the record, unless it was read already. Errors: those of `RecordSource`.
    Result<void> look() const;
    [[nodiscard]] const std::optional<Seen>& seen() const noexcept { return seen_; }
    /// Why the record could not be read or the content is invalid, if either was found.
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
