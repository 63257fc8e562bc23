#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "broker/engine/command.hpp"
#include "shm/name/pattern.hpp"
#include "shm/protocol/handshake.hpp"

namespace ringside::broker {

/// Credentials of a socket's peer, as reported by the kernel.
struct Credentials {
    std::uint32_t pid = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;  ///< supplementary groups of the peer

    /// For logs: "pid 17 (uid 1000)".
    [[nodiscard]] std::string text() const {
        return "pid " + std::to_string(pid) + " (uid " + std::to_string(uid) + ")";
    }
    [[nodiscard]] bool is_in_group(std::uint32_t group) const noexcept {
        return gid == group || std::find(groups.begin(), groups.end(), group) != groups.end();
    }
};

/// The permissions of a session.
struct Access {
    shm::Role role = shm::Role::none;
    std::vector<Pattern> patterns;  ///< names that it can write or provide; empty = all

    [[nodiscard]] bool may_write_something() const noexcept {
        return role == shm::Role::admin || role == shm::Role::writer || role == shm::Role::provider;
    }
    [[nodiscard]] bool may_write(std::string_view name) const noexcept {
        if (role == shm::Role::admin) return true;
        if (!may_write_something()) return false;
        return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                               [name](const auto& p) { return p.matches(name); });
    }
    /// Returns whether the session can provide names or answer calls that match the pattern.
    [[nodiscard]] bool may_provide(const Pattern& pattern) const noexcept {
        if (role == shm::Role::admin) return true;
        if (role != shm::Role::provider) return false;
        return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                               [&](const auto& p) { return p.covers(pattern); });
    }
    [[nodiscard]] bool may(const Command& command) const noexcept {
        if (is_of_grid(command.kind)) return role == shm::Role::admin;
        return may_write(command.name);
    }
};

}  // namespace ringside::broker
