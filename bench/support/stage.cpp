#include "bench/support/stage.hpp"

#include <atomic>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <stdexcept>

#include "bench/support/scratch.hpp"
#include "shm/pin/pin.hpp"
#include "shm/protocol/handshake.hpp"
#include "shm/protocol/packet.hpp"

namespace ringside::bench {

namespace {

Descriptor listen_at(const std::string& path) {
    Descriptor listener(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener.get(), 8) != 0) {
        throw std::runtime_error("cannot listen at " + path);
    }
    return listener;
}

std::atomic<int> stages = 0;

}  // namespace

Stage::Stage(const shm::SegmentShape& shape)
    : name_(Scratch::here().mark() + "stage-" + std::to_string(++stages)),
      segment_(shm::Segment::create(name_, shape).value()),
      listener_(listen_at(shm::GridPaths::of(name_).value().socket_path)),
      grid_(std::make_unique<broker::Grid>(
          segment_.view(),
          broker::GridHost{.commit_memory =
                               [this](Offset offset, std::uint64_t bytes) {
                                   return segment_.commit(offset, bytes);
                               },
                           .heavy_fence = [] { shm::membarrier_all(); },
                           .collect_pins =
                               [this](std::vector<broker::HeldPin>& out) {
                                   for (const auto& session : sessions_)
                                       session->collect_pins(grid_->published(), out);
                               }},
          broker::GridOptions{})) {
    segment_.announce(shm::register_for_membarrier() ? shm::Identity::asymmetric_fence : 0);
}

Stage::~Stage() {
    segment_.close(shm::GridState::stopped);
    shm::Segment::remove(name_);
    unlink(shm::GridPaths::of(name_).value().socket_path.c_str());
}

void Stage::admit() {
    Descriptor peer(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    shm::Hello hello;
    if (recv(peer.get(), &hello, sizeof hello, 0) != static_cast<ssize_t>(sizeof hello))
        throw std::runtime_error("client sent no greeting");
    auto memory = broker::SessionMemory::create().value();
    const Descriptor shared = memory.take_descriptor();
    const Descriptor doorbell(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const auto index = static_cast<std::uint32_t>(sessions_.size());
    shm::Welcome welcome;
    welcome.role = static_cast<std::uint16_t>(shm::Role::admin);
    welcome.session = index + 1;
    welcome.session_index = index;
    welcome.boot_id = segment_.view().identity().boot_id;
    sessions_.push_back(std::make_unique<broker::Session>(welcome.session, index, std::move(memory),
                                                          broker::Peer{}));
    segment_.view().session(index).id.store(welcome.session);
    const int descriptors[] = {shared.get(), doorbell.get()};
    if (!shm::send_packet(peer.get(), &welcome, sizeof welcome, descriptors))
        throw std::runtime_error("client did not read the welcome");
    connections_.push_back(std::move(peer));
}

}  // namespace ringside::bench
