#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "tools/gateway/grid/content.hpp"
#include "tools/gateway/grid/grid_access.hpp"
#include "tools/gateway/grid/members.hpp"
#include "tools/gateway/grid/outcome.hpp"
#include "tools/gateway/grid/preconditions.hpp"
#include "tools/gateway/grid/record_evidence.hpp"
#include "tools/gateway/grid/requester.hpp"
#include "tools/gateway/metrics/gateway_figures.hpp"

namespace ringside::gateway {

/// All operations on the grid, for every protocol: checks the requester's permissions, and returns
/// problems instead of errors.
class Operations {
public:
    Operations(GridAccess& grid, GatewayFigures& figures) noexcept
        : grid_(grid), figures_(figures) {}

    /// Writes a single change. If preconditions or permissions depend on the state of the record,
    /// the write is bound to that state, and repeated if it has changed meanwhile. Permissions are
    /// checked first: the outcome of a condition would reveal the record's state.
    Task<Outcome<WriteResult>> write(const Requester& requester, Write write,
                                     const Preconditions& preconditions);

    /// Applies all writes of a list as in docs/gateway.md, or none.
    Task<Outcome<CommitResult>> commit(const Requester& requester, const Value& writes,
                                       bool is_durable);

    Task<Outcome<Revision>> publish(const Requester& requester, std::string subject,
                                    Content content);

    Task<Outcome<Answer>> call(const Requester& requester, std::string name, Content content,
                               CallOptions options);

    [[nodiscard]] GridAccess& grid() noexcept { return grid_; }
    [[nodiscard]] GatewayFigures& figures() noexcept { return figures_; }

private:
    /// `known` is the record's state, if it has been read already.
    [[nodiscard]] Outcome<Condition> permitted(
        const Requester& requester, const Write& write, const WriteEvidence& evidence,
        const std::optional<WriteEvidence::Seen>& known = std::nullopt);
    [[nodiscard]] Outcome<void> refuse_write(const Requester& requester, const Write& write,
                                             const WriteEvidence& evidence,
                                             const std::optional<WriteEvidence::Seen>& known);
    /// Checks an event or call.
    [[nodiscard]] Outcome<void> refuse_message(const Requester& requester, Action action,
                                               std::string_view name, const Content& content);
    struct Filled {
        Transaction transaction{};
        std::set<std::string, std::less<>> records{};  ///< that it changes
        bool is_bound = false;  ///< permissions bind it to the state of a record
        bool has_patch = false;
    };
    [[nodiscard]] Outcome<void> add(const Requester& requester, const Value& item, bool is_durable,
                                    Filled& filled);
    [[nodiscard]] Outcome<Filled> fill(const Requester& requester, const Value& writes,
                                       bool is_durable);

    GridAccess& grid_;
    GatewayFigures& figures_;
};

}  // namespace ringside::gateway
