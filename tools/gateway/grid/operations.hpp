#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "tools/gateway/grid/content.hpp"
#include "tools/gateway/grid/grid_access.hpp"
#include "tools/gateway/grid/outcome.hpp"
#include "tools/gateway/grid/preconditions.hpp"
#include "tools/gateway/grid/record_evidence.hpp"
#include "tools/gateway/grid/requester.hpp"
#include "tools/gateway/metrics/gateway_figures.hpp"

namespace ringside::gateway {

/// What can be asked of the grid, whichever way it was asked: with the permissions of the one who
/// asks, and with problems in the place of errors.
class Operations {
public:
    Operations(GridAccess& grid, GatewayFigures& figures) noexcept
        : grid_(grid), figures_(figures) {}

    /// A single change. Where preconditions, or what the requester may do, depend on the record's
    /// state, the write is bound to that state, and tried again when it has changed meanwhile.
    Task<Outcome<WriteResult>> write(const Requester& requester, Write write,
                                     const Preconditions& preconditions);

    /// All writes of a list as docs/gateway.md has it, or none.
    Task<Outcome<CommitResult>> commit(const Requester& requester, const Value& writes,
                                       bool is_durable);

    Task<Outcome<Revision>> publish(const Requester& requester, std::string subject,
                                    Content content);

    Task<Outcome<Answer>> call(const Requester& requester, std::string name, Content content,
                               CallOptions options);

    [[nodiscard]] GridAccess& grid() noexcept { return grid_; }
    [[nodiscard]] GatewayFigures& figures() noexcept { return figures_; }

private:
    [[nodiscard]] Outcome<std::optional<Version>> version_of(std::string_view name);
    [[nodiscard]] Outcome<Condition> permitted(const Requester& requester, const Write& write,
                                               const WriteEvidence& evidence);
    [[nodiscard]] Outcome<void> refuse_write(const Requester& requester, const Write& write,
                                             const WriteEvidence& evidence);
    /// Of an event or call.
    [[nodiscard]] Outcome<void> refuse_message(const Requester& requester, Action action,
                                               std::string_view name, const Content& content);
    struct Filled {
        Transaction transaction{};
        std::set<std::string, std::less<>> records{};  ///< that it changes
        bool is_bound = false;  ///< to the state of a record, by what the requester may do
        bool has_patch = false;
    };
    [[nodiscard]] Outcome<void> add(const Requester& requester, const Value& item, bool is_durable,
                                    Filled& filled);
    [[nodiscard]] Outcome<Filled> fill(const Requester& requester, const Value& writes,
                                       bool is_durable);

    GridAccess& grid_;
    GatewayFigures& figures_;
};

/// The members `if_version`, `if_revision`, `if_absent`, `ttl_ms` and `durable` of an object.
/// Problem: 400.
[[nodiscard]] Outcome<WriteOptions> write_options_of(const Value& object);

/// A member that is written to the grid. Problems: 400; 413, where it is beyond the limits.
[[nodiscard]] Outcome<Document> document_member(const Value& object, std::string_view key,
                                                const DocumentLimits& limits = {});

/// A member that must be a string. Problem: 400.
[[nodiscard]] Outcome<std::string> text_member(const Value& object, std::string_view key);
/// A whole number, not negative; none: it is not there. Problem: 400.
[[nodiscard]] Outcome<std::optional<std::uint64_t>> number_member(const Value& object,
                                                                  std::string_view key);
/// False where it is not there. Problem: 400.
[[nodiscard]] Outcome<bool> flag_member(const Value& object, std::string_view key);

[[nodiscard]] Problem bad_request(std::string detail);

}  // namespace ringside::gateway
