#include "tools/gateway/load/shares.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <string>

namespace ringside::gateway {

namespace {

constexpr std::int64_t threads_most = 64;
constexpr std::int64_t waiting_most = 1'000'000;
constexpr std::int64_t memory_most = std::int64_t{1} << 40;
constexpr std::int64_t failures_most = 1'000'000;
constexpr std::int64_t pause_ms_most = 60'000;

/// The smallest share holds one request of any kind, because requests are read as a whole.
constexpr auto share_least = static_cast<std::int64_t>(MemoryLimits::share_least);

tools::TomlFile::Take size_to(const tools::TomlFile& file, std::size_t& size, std::int64_t least,
                              std::int64_t most) {
    return
        [&file, &size, least, most](std::string_view key, const toml::node& node) -> Result<void> {
            std::int64_t number = 0;
            if (auto taken = file.to(number, least, most)(key, node); !taken) return taken;
            size = static_cast<std::size_t>(number);
            return {};
        };
}

/// A share of one user that exceeds the total is a mistake, not a limit.
Result<void> check_part(const toml::table& table, const tools::TomlFile& file, const char* part_key,
                        std::size_t part, const char* total_key, std::size_t total) {
    if (part <= total) return {};
    return file.error_at(table,
                         fmt::format("{} ({}) exceeds {} ({})", part_key, part, total_key, total));
}

Result<void> read_work(const toml::table& all, const tools::TomlFile& file, const char* kind,
                       WorkLimits& work) {
    const auto table = file.table(all, kind);
    if (!table) return table.error();
    if (*table == nullptr) return {};
    auto read = file.read(
        **table, fmt::format("[limits.{}]", kind),
        {{"threads", size_to(file, work.threads, 1, threads_most)},
         {"threads_per_user", size_to(file, work.threads_per_user, 1, threads_most)},
         {"waiting", size_to(file, work.waiting_max, 1, waiting_most)},
         {"waiting_per_user", size_to(file, work.waiting_per_user_max, 1, waiting_most)}});
    if (!read) return read;
    if (auto checked = check_part(**table, file, "threads_per_user", work.threads_per_user,
                                  "threads", work.threads);
        !checked) {
        return checked;
    }
    return check_part(**table, file, "waiting_per_user", work.waiting_per_user_max, "waiting",
                      work.waiting_max);
}

Result<void> read_memory(const toml::table& all, const tools::TomlFile& file,
                         MemoryLimits& memory) {
    const auto table = file.table(all, "memory");
    if (!table) return table.error();
    if (*table == nullptr) return {};
    const auto bytes_to = [&file](std::size_t& bytes) {
        return size_to(file, bytes, share_least, memory_most);
    };
    constexpr std::int64_t stranger_least = 64 << 10;
    const auto small_bytes_to = [&file](std::size_t& bytes) {
        return size_to(file, bytes, stranger_least, memory_most);
    };
    auto read = file.read(
        **table, "[limits.memory]",
        {{"bodies_bytes", bytes_to(memory.bodies)},
         {"bodies_bytes_per_user", bytes_to(memory.bodies_per_user)},
         {"stranger_bodies_bytes", small_bytes_to(memory.stranger_bodies)},
         {"stranger_bodies_bytes_per_address", small_bytes_to(memory.stranger_bodies_per_address)},
         {"streams_bytes", bytes_to(memory.streams)},
         {"streams_bytes_per_user", bytes_to(memory.streams_per_user)}});
    if (!read) return read;
    const auto check = [&](const char* part_key, std::size_t part, const char* total_key,
                           std::size_t total) {
        return check_part(**table, file, part_key, part, total_key, total);
    };
    if (auto checked =
            check("bodies_bytes_per_user", memory.bodies_per_user, "bodies_bytes", memory.bodies);
        !checked) {
        return checked;
    }
    if (auto checked =
            check("stranger_bodies_bytes", memory.stranger_bodies, "bodies_bytes", memory.bodies);
        !checked) {
        return checked;
    }
    if (auto checked =
            check("stranger_bodies_bytes_per_address", memory.stranger_bodies_per_address,
                  "stranger_bodies_bytes", memory.stranger_bodies);
        !checked) {
        return checked;
    }
    return check("streams_bytes_per_user", memory.streams_per_user, "streams_bytes",
                 memory.streams);
}

Result<void> read_logins(const toml::table& all, const tools::TomlFile& file, LoginLimits& logins) {
    const auto table = file.table(all, "logins");
    if (!table) return table.error();
    if (*table == nullptr) return {};
    const auto count_to = [&file](std::size_t& count) {
        return size_to(file, count, 1, failures_most);
    };
    auto pause_ms = static_cast<std::int64_t>(logins.pause.count());
    auto read = file.read(
        **table, "[limits.logins]",
        {{"failures_per_user_and_address", count_to(logins.of_user_at_address.burst)},
         {"failures_per_user", count_to(logins.of_user.burst)},
         {"failures_per_address", count_to(logins.of_address.burst)},
         {"forgotten_per_minute_per_user_and_address",
          count_to(logins.of_user_at_address.forgotten_per_minute)},
         {"forgotten_per_minute_per_user", count_to(logins.of_user.forgotten_per_minute)},
         {"forgotten_per_minute_per_address", count_to(logins.of_address.forgotten_per_minute)},
         {"pause_ms", file.to(pause_ms, 0, pause_ms_most)},
         {"deciding_per_address", size_to(file, logins.deciding_per_address, 1, 256)},
         {"waiting_per_address", size_to(file, logins.waiting_per_address, 1, waiting_most)}});
    if (!read) return read;
    logins.pause = std::chrono::milliseconds(pause_ms);
    return {};
}

}  // namespace

Result<Shares> Shares::from(const toml::table& root, const tools::TomlFile& file) {
    Shares shares;
    const auto table = file.table(root, "limits");
    if (!table) return table.error();
    if (*table == nullptr) return shares;
    const auto elsewhere = [](std::string_view, const toml::node&) -> Result<void> { return {}; };
    if (auto read = file.read(**table, "[limits]",
                              {{"queries", elsewhere},
                               {"lists", elsewhere},
                               {"transactions", elsewhere},
                               {"answers", elsewhere},
                               {"compressions", elsewhere},
                               {"memory", elsewhere},
                               {"logins", elsewhere}});
        !read) {
        return read.error();
    }
    PoolLimits& pools = shares.pools;
    for (const auto& [kind, work] :
         {std::pair("queries", &pools.queries), std::pair("lists", &pools.lists),
          std::pair("transactions", &pools.transactions), std::pair("answers", &pools.answers),
          std::pair("compressions", &pools.compressions)}) {
        if (auto read = read_work(**table, file, kind, *work); !read) return read.error();
    }
    if (auto read = read_memory(**table, file, shares.memory); !read) return read.error();
    if (auto read = read_logins(**table, file, shares.logins); !read) return read.error();
    return shares;
}

}  // namespace ringside::gateway
