#pragma once

#include <cstdint>

/// The numbers of deepstream's protocol. In each topic, numbers from 100 on are errors.
namespace ringside::gateway::deepstream {

enum class Topic : std::uint32_t {
    parser = 1,
    connection = 2,
    auth = 3,
    event = 4,
    record = 5,
    rpc = 6,
    presence = 7,
};

enum class ParserAction : std::int32_t { unknown_topic = 1 };

enum class ConnectionAction : std::int32_t {
    ping = 2,
    pong = 3,
    accept = 4,
    challenge = 5,
    authentication_timeout = 100,
    invalid_message = 101,
};

enum class AuthAction : std::int32_t {
    request = 2,
    successful = 3,
    unsuccessful = 4,
    too_many_attempts = 100,
    invalid_message = 101,
    invalid_message_data = 102,
};

enum class EventAction : std::int32_t {
    emit = 2,
    subscribe = 3,
    unsubscribe = 4,
    listen = 5,
    unlisten = 6,
    listen_accept = 7,
    listen_reject = 8,
    pattern_found = 11,
    pattern_removed = 12,
    invalid_listen_regex = 100,
    listen_response_timeout = 101,
    message_permission_error = 103,
    message_denied = 104,
    invalid_message_data = 105,
    multiple_subscriptions = 106,
    not_subscribed = 107,
};

enum class RecordAction : std::int32_t {
    notify = 2,
    read = 3,
    read_response = 4,
    head = 5,
    head_response = 6,
    head_response_bulk = 8,
    delete_ = 9,
    delete_success = 10,
    deleted = 13,
    write_acknowledgement = 14,
    create = 15,
    create_and_update = 16,
    create_and_patch = 17,
    update = 18,
    patch = 19,
    erase = 20,
    subscribe_and_head = 21,
    subscribe_and_read = 22,
    subscribe_create_and_read = 23,
    subscribe = 25,
    unsubscribe = 26,
    listen = 27,
    unlisten = 28,
    listen_accept = 29,
    listen_reject = 30,
    has_provider = 31,
    has_no_provider = 32,
    pattern_found = 33,
    pattern_removed = 34,
    patch_multi = 35,
    storage_retrieval_timeout = 101,
    version_exists = 102,
    record_load_error = 103,
    record_create_error = 104,
    record_update_error = 105,
    record_delete_error = 106,
    record_not_found = 107,
    invalid_version = 108,
    invalid_listen_regex = 110,
    listen_response_timeout = 111,
    record_notify_error = 113,
    message_permission_error = 114,
    message_denied = 115,
    invalid_message_data = 116,
    multiple_subscriptions = 117,
    not_subscribed = 118,
};

enum class RpcAction : std::int32_t {
    request = 2,
    accept = 4,
    response = 5,
    reject = 6,
    request_error = 7,
    provide = 8,
    unprovide = 9,
    no_rpc_provider = 100,
    accept_timeout = 101,
    multiple_accept = 102,
    invalid_rpc_correlation_id = 103,
    response_timeout = 104,
    message_permission_error = 106,
    message_denied = 107,
    invalid_message_data = 108,
    multiple_providers = 109,
    not_provided = 110,
};

enum class PresenceAction : std::int32_t {
    query_all = 2,
    query_all_response = 3,
    query = 4,
    query_response = 5,
    join = 6,
    join_all = 7,
    leave = 8,
    leave_all = 9,
    subscribe = 10,
    unsubscribe = 11,
    subscribe_all = 12,
    unsubscribe_all = 13,
    message_permission_error = 101,
    message_denied = 102,
    multiple_subscriptions = 103,
};

}  // namespace ringside::gateway::deepstream
