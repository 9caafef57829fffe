"""The channels, by code. docs/how-to/add-a-channel.md says what belongs to a new one."""

from messaging.channels.base import Channel
from messaging.channels.email import EmailChannel
from messaging.channels.sms import SmsChannel
from messaging.channels.whatsapp import WhatsAppChannel
from messaging.models import Channel as ChannelCode

CHANNELS: dict[str, Channel] = {
    ChannelCode.EMAIL: EmailChannel(),
    ChannelCode.SMS: SmsChannel(),
    ChannelCode.WHATSAPP: WhatsAppChannel(),
}
