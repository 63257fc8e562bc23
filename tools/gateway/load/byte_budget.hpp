#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace ringside::gateway {

/// Memory that connections share: in all, and for each user. A user is a name, or the address of a
/// client that is not known.
///
/// Thread safety: that of the loop.
class ByteBudget {
    struct User {
        std::size_t bytes = 0;
        std::size_t shares = 0;
    };

public:
    ByteBudget(std::size_t bytes_max, std::size_t bytes_per_user_max) noexcept
        : max_(bytes_max), per_user_max_(bytes_per_user_max) {}
    ByteBudget(const ByteBudget&) = delete;
    ByteBudget& operator=(const ByteBudget&) = delete;

    /// What one connection holds for one purpose; given back when this is destroyed.
    /// The budget must outlive it.
    class Share {
    public:
        Share(ByteBudget& budget, const std::string& user);
        ~Share();
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;

        /// Changes how much is held. Returns false, and changes nothing, if more is wanted than the
        /// budget has left.
        [[nodiscard]] bool resize(std::size_t bytes);
        /// The same for memory that exists already, whatever the budget has left.
        void set(std::size_t bytes) noexcept;
        /// Whether the budget has anything left for this user.
        [[nodiscard]] bool has_room() const noexcept;
        [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
        /// Gives everything back, and counts for another user from now on.
        void move_to(const std::string& user);

    private:
        ByteBudget& budget_;
        std::map<std::string, User>::iterator user_;
        std::size_t bytes_ = 0;
    };

    [[nodiscard]] std::size_t used() const noexcept { return used_; }
    [[nodiscard]] std::size_t max() const noexcept { return max_; }
    /// How often more was wanted than was left.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    /// What a stream that tells only small things may have beside the budget, so that it is not
    /// kept waiting by others.
    static constexpr std::size_t modest_bytes = 64U << 10;

private:
    [[nodiscard]] std::map<std::string, User>::iterator enter(const std::string& user);
    void leave(std::map<std::string, User>::iterator user);

    const std::size_t max_;
    const std::size_t per_user_max_;
    std::size_t used_ = 0;
    std::uint64_t refused_ = 0;
    std::map<std::string, User> users_;
};

}  // namespace ringside::gateway
