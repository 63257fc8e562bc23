#pragma once

#include <memory>
#include <utility>

#include "tools/gateway/http/connection.hpp"
#include "tools/gateway/load/stop_signal.hpp"

namespace ringside::gateway {

/// Gives a signal when the client of a request leaves during the lifetime of this object. Detection
/// takes up to a quarter of a second.
class Departure {
public:
    explicit Departure(const Request& request) : connection_(request.connection) {
        if (connection_ == nullptr) return;
        connection_->on_departure([signal = signal_] { signal->stop(); });
    }
    ~Departure() {
        if (connection_ != nullptr) connection_->on_departure(nullptr);
    }
    Departure(const Departure&) = delete;
    Departure& operator=(const Departure&) = delete;

    [[nodiscard]] const std::shared_ptr<StopSignal>& signal() const noexcept { return signal_; }

private:
    Connection* const connection_;
    const std::shared_ptr<StopSignal> signal_ = std::make_shared<StopSignal>();
};

}  // namespace ringside::gateway
