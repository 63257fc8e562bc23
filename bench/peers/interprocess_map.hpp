#pragma once

#include <boost/interprocess/allocators/allocator.hpp>
#include <boost/interprocess/containers/string.hpp>
#include <boost/interprocess/containers/vector.hpp>
#include <boost/interprocess/managed_shared_memory.hpp>
#include <boost/interprocess/sync/interprocess_sharable_mutex.hpp>
#include <boost/unordered_map.hpp>

#include "bench/peers/peer.hpp"

namespace ringside::bench {

/// The conventional way to share records between processes: a hash map in a managed segment, under
/// a shared lock. A process that dies while it holds the lock blocks all others forever.
class InterprocessMap : public Peer {
public:
    enum class Open { create, existing };
    /// `name`: name of the shared memory object. Its creator removes it.
    InterprocessMap(const std::string& name, Open how, std::size_t records = 0);

    [[nodiscard]] std::string_view name() const override { return "Boost.Interprocess"; }
    void fill(std::size_t records) override;
    std::int64_t read(Names names) override;
    std::int64_t read_many(Names names) override;
    std::int64_t scan() override;
    void write(Names names, std::span<const Bytes> documents) override;
    void write_pipelined(Names names, std::span<const Bytes> documents) override;
    [[nodiscard]] std::unique_ptr<Peer> open_again() const override;
    [[nodiscard]] double bytes_used() const override;

private:
    using Memory = boost::interprocess::managed_shared_memory;
    template <class T>
    using Allocator = boost::interprocess::allocator<T, Memory::segment_manager>;
    using Text = boost::interprocess::basic_string<char, std::char_traits<char>, Allocator<char>>;
    using Document = boost::interprocess::vector<std::uint8_t, Allocator<std::uint8_t>>;

    static std::string_view view(std::string_view text) { return text; }
    static std::string_view view(const Text& text) { return {text.data(), text.size()}; }

    // Transparent, so that a lookup does not allocate in the segment.
    struct Hash {
        using is_transparent = void;
        template <class T>
        std::size_t operator()(const T& name) const {
            return boost::hash<std::string_view>()(view(name));
        }
    };
    struct Equal {
        using is_transparent = void;
        template <class A, class B>
        bool operator()(const A& a, const B& b) const {
            return view(a) == view(b);
        }
    };
    using Map = boost::unordered_map<Text, Document, Hash, Equal,
                                     Allocator<std::pair<const Text, Document>>>;

    [[nodiscard]] std::int64_t price_of(std::string_view name) const;
    void replace(std::string_view name, const Bytes& document);

    std::string object_;
    Memory memory_;
    boost::interprocess::interprocess_sharable_mutex* mutex_;
    Map* map_;
};

}  // namespace ringside::bench
