#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tools/gateway/http/problem.hpp"
#include "tools/gateway/load/byte_budget.hpp"
#include "tools/gateway/load/shares.hpp"

namespace ringside::gateway {

/// Whether a client may send a body.
struct Admission {
    std::optional<Problem> problem{};  ///< the refusal; empty if the client may send a body
    /// The account of a client with valid credentials. Empty: the client has only the small share
    /// of its address.
    std::string account{};
};

/// Limits the memory of request bodies, in total and for each user. Unauthenticated clients share a
/// small part, so that they cannot exhaust the memory of users.
class BodyBudget {
public:
    explicit BodyBudget(const MemoryLimits& limits) noexcept
        : max_(limits.bodies),
          users_(limits.bodies, limits.bodies_per_user),
          strangers_(limits.stranger_bodies, limits.stranger_bodies_per_address) {}

    [[nodiscard]] std::uint64_t used() const noexcept { return used_; }
    [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
    [[nodiscard]] std::size_t strangers_used() const noexcept { return strangers_.used(); }
    /// Returns the number of bodies that were refused because they did not fit.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

    /// A body up to this size is read before the credentials are checked.
    static constexpr std::size_t unseen_bytes_max = 64U << 10;

private:
    friend class BodyAccount;
    const std::uint64_t max_;
    std::uint64_t used_ = 0;
    std::uint64_t refused_ = 0;
    ByteBudget users_;
    ByteBudget strangers_;
};

/// The part of the budget that the body of one request uses.
class BodyAccount {
public:
    using Admit = std::function<Admission()>;

    /// `address`: the client's address. The budget must outlive this object.
    BodyAccount(BodyBudget& budget, std::string address)
        : budget_(budget), address_(std::move(address)) {}
    ~BodyAccount() { release(); }
    BodyAccount(const BodyAccount&) = delete;
    BodyAccount& operator=(const BodyAccount&) = delete;

    /// Charges the size of the body. Calls `admit` once the body exceeds what is read from every
    /// client. Problems: 503 if the budget is used up; those of `admit`.
    [[nodiscard]] std::optional<Problem> count(std::uint64_t bytes, const Admit& admit);
    /// Returns the memory. Called at the end of the request.
    void release() noexcept;

private:
    void set(std::uint64_t bytes) noexcept;

    BodyBudget& budget_;
    const std::string address_;
    std::uint64_t bytes_ = 0;
    bool is_admitted_ = false;
    std::optional<ByteBudget::Share>
        share_;  ///< of the address, or of the user once the client is known
};

}  // namespace ringside::gateway
