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
    /// The rule that decided, for the log; empty: none did. Valid as long as the Permissions.
    std::string_view rule{};
    /// The rule could not be evaluated, which denies.
    bool has_failed = false;
    std::string failure{};  ///< why, for the log
};

/// How much of what a pattern matches is allowed.
enum class Coverage : std::uint8_t {
    none,  ///< nothing, for certain
    some,  ///< each name has to be asked for
    all    ///< everything, for certain
};

/// What one identity may do.
/// Thread safety: immutable.
class Permissions {
public:
    virtual ~Permissions() = default;

    /// `name` passes `check_name`; for `presence` it is a user.
    [[nodiscard]] virtual Decision decide(Action action, std::string_view name) const = 0;

    /// The same where it may depend on documents.
    [[nodiscard]] virtual Decision decide(Action action, std::string_view name,
                                          const Evidence& evidence) const;

    /// Whether what is decided of a name depends on records as they are now.
    [[nodiscard]] virtual bool looks_at_documents(Action action, std::string_view name) const;
    /// Whether it depends on the new document of a write, or what an event or call carries.
    [[nodiscard]] virtual bool looks_at_data(Action action, std::string_view name) const;

    /// Whether who may create a record may also write its first document, without `write`.
    [[nodiscard]] virtual bool create_includes_write() const { return true; }

    [[nodiscard]] virtual Coverage coverage(Action action, const Pattern& pattern) const = 0;

    /// Whether every name is allowed for certain, but for those of the grid itself: `**`.
    [[nodiscard]] bool allows_all(Action action) const;

protected:
    Permissions() = default;
    Permissions(const Permissions&) = default;
    Permissions& operator=(const Permissions&) = default;
};

/// The same for every action and name, those of the grid itself included.
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
