#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "broker/daemon/log.hpp"
#include "broker/engine/grid.hpp"
#include "broker/reactor/memory_ahead.hpp"
#include "broker/routing/messaging_options.hpp"
#include "broker/session/access.hpp"
#include "broker/store/durability.hpp"
#include "shm/base/errc.hpp"
#include "shm/segment/segment.hpp"

namespace ringside::broker {

/// Gives a role to a user or to a group.
struct RoleRule {
    enum class Subject { user, group };
    Subject subject = Subject::user;
    std::uint32_t id = 0;
    Access access;
};

/// The options of a broker.
struct Options {
    std::string grid = "default";
    shm::SegmentShape shape;
    GridOptions retention;
    std::size_t sessions_max = limits::sessions_max;
    std::size_t sessions_per_user = 0;  ///< of a user who is no admin; 0: half of sessions_max
    /// Private memory of the broker that sessions may cause in all.
    std::uint64_t session_memory_bytes = limits::sessions_memory_bytes_default;
    std::chrono::microseconds spin{200};  ///< how long the idle engine spins before it sleeps
    std::chrono::milliseconds greeting_timeout{5000};  ///< for a peer to identify itself
    std::chrono::milliseconds accept_timeout{1000};    ///< see MessagingOptions
    std::chrono::milliseconds response_timeout{10'000};
    std::chrono::milliseconds rematch_interval{30'000};
    std::chrono::milliseconds session_record_delay{2000};  ///< see MessagingOptions
    std::string data_directory;  ///< of the store; empty: the grid is in memory only
    DurabilityPolicy durability = DurabilityPolicy::periodic;
    std::chrono::milliseconds durability_interval{10};
    /// What to do when another broker owns the grid.
    enum class Succession {
        refuse,    ///< end with an error
        standby,   ///< wait until it is gone, then continue
        take_over  ///< ask it to hand over, then continue
    };
    Succession succession = Succession::refuse;
    std::string log_level = "info";
    std::string log_format = "text";
    std::string log_file;         ///< empty: standard error
    std::vector<RoleRule> rules;  ///< the first that applies decides

    /// Set by the broker from the limits of its host.
    std::uint64_t memory_bytes_bound = ~0ULL;  ///< of the segment that may be backed with memory
    std::string memory_bound_by;               ///< what sets the bound, for the log

    [[nodiscard]] daemon::LogOptions log() const {
        return {"ringside-broker", log_level, log_format, log_file};
    }

    [[nodiscard]] MemoryOptions memory_limits() const {
        MemoryOptions memory;
        memory.bytes_max = memory_bytes_bound;
        memory.bound_by = memory_bound_by;
        return memory;
    }

    [[nodiscard]] std::size_t sessions_of_one_user() const noexcept {
        return sessions_per_user != 0 ? sessions_per_user
                                      : std::max<std::size_t>(1, sessions_max / 2);
    }

    [[nodiscard]] MessagingOptions messaging() const noexcept {
        return {.accept_ns = static_cast<std::uint64_t>(accept_timeout.count()) * 1'000'000,
                .response_ns = static_cast<std::uint64_t>(response_timeout.count()) * 1'000'000,
                .session_record_ns =
                    static_cast<std::uint64_t>(session_record_delay.count()) * 1'000'000,
                .rematch_ns = static_cast<std::uint64_t>(rematch_interval.count()) * 1'000'000};
    }

    /// What a peer may do: the broker's own user is admin, its group may read, rules come first.
    [[nodiscard]] Access access_of(const Credentials& peer) const;
};

/// The result of parsing the command line.
struct ParsedOptions {
    Options options;
    bool is_done = false;  ///< --help or --version was printed: exit with `status`
    int status = 0;
};

/// Flags, and the TOML file that `--config` names; a flag wins over the file.
/// Error: bad_configuration; the detail says where.
Result<ParsedOptions> parse_options(int argc, const char* const* argv);

/// "512MiB", "4GiB", "65536": a number of bytes. Error: bad_configuration.
Result<std::uint64_t> parse_bytes(std::string_view text);

/// "none", "periodic" or "always". Error: bad_configuration.
Result<DurabilityPolicy> parse_durability(std::string_view text);

/// Adds what a TOML file says. Error: bad_configuration, with file and line.
Result<void> read_config_file(const std::string& path, Options& options);

/// Adds the roles of a TOML file that has nothing else. Rules for users and groups that the host
/// does not have are left out: the file may come with the installation. Error: bad_configuration,
/// with file and line.
Result<void> read_roles_file(const std::string& path, Options& options);

}  // namespace ringside::broker
