#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/name/pattern.hpp"
#include "tools/gateway/access/evidence.hpp"
#include "tools/gateway/access/identity.hpp"

namespace ringside::gateway {

struct Decision {
    bool is_allowed = false;
    /// The rule that decided, for the log. Empty if no rule did. Valid as long as the Permissions.
    std::string_view rule{};
    /// The rule could not be evaluated, so the action is denied.
    bool has_failed = false;
    std::string failure{};  ///< reason, for the log
};

/// How many of the names that a pattern matches are allowed.
enum class Coverage : std::uint8_t {
    none,  ///< no name
    some,  ///< must be checked name by name
    all    ///< every name
};

/// The permissions of one identity.
/// Thread safety: immutable.
class Permissions {
public:
    virtual ~Permissions() = default;

    /// `name` passes `check_name`. For `presence` it is a user.
    [[nodiscard]] virtual Decision decide(Action action, std::string_view name) const = 0;

    /// Decides where the decision may depend on documents.
    [[nodiscard]] virtual Decision decide(Action action, std::string_view name,
                                          const Evidence& evidence) const;

    /// Returns whether the decision about a name depends on the current state of records.
    [[nodiscard]] virtual bool looks_at_documents(Action action, std::string_view name) const;
    /// Returns whether the decision depends on the new document of a write, or on the payload of an
    /// event or call.
    [[nodiscard]] virtual bool looks_at_data(Action action, std::string_view name) const;

    /// Returns whether `create` includes the right to write the first document of the record.
    [[nodiscard]] virtual bool create_includes_write() const { return true; }

    [[nodiscard]] virtual Coverage coverage(Action action, const Pattern& pattern) const = 0;

    /// Returns whether every name is allowed (`**`), except those reserved for the grid.
    [[nodiscard]] bool allows_all(Action action) const;

protected:
    Permissions() = default;
    Permissions(const Permissions&) = default;
    Permissions& operator=(const Permissions&) = default;
};

/// Gives the same answer for every action and name, including the names reserved for the grid.
class FixedPermissions final : public Permissions {
public:
    explicit FixedPermissions(bool is_allowed) noexcept : is_allowed_(is_allowed) {}

    using Permissions::decide;
    [[nodiscard]] Decision decide(Action action, std::string_view name) const override;
    [[nodiscard]] Coverage coverage(Action action, const Pattern& pattern) const override;

private:
    bool is_allowed_;
};

}  // namespace ringside::gateway
