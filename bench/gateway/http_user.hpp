#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shm/base/descriptor.hpp"

namespace ringside::bench {

/// A blocking HTTP client of a user with an API key. Has one connection.
class HttpUser {
public:
    HttpUser(std::uint16_t port, std::string_view key);

    /// Throws if the status is not 2xx.
    std::string get(std::string_view target);
    /// Sends a request without waiting for its response.
    void begin(std::string_view method, std::string_view target, std::string_view body = {});
    /// Returns the status of the next response. `body`: receives its body.
    unsigned read(std::string* body = nullptr);

    [[nodiscard]] int socket() const noexcept { return socket_.get(); }

private:
    Descriptor socket_;
    std::string key_;
    std::string received_;
};

/// Returns the head of a request, without the empty line that ends it.
[[nodiscard]] std::string request_head(std::string_view method, std::string_view target,
                                       std::string_view key);

/// Sends until the peer has received all bytes, has closed the connection, or has received nothing
/// for a second. Returns the number of bytes sent.
std::size_t send_some(int socket, std::string_view bytes);

}  // namespace ringside::bench
