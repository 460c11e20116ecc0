#!/bin/sh
# Builds gpio-sim and vimc out of the kernel's tree, inside the root. modules.sh KERNEL
set -eu
kernel=$1
cd /usr/src
source=linux-source-6.12
tar -xf "$source.tar.xz" "$source/drivers/gpio/gpio-sim.c" "$source/kernel/irq/irq_sim.c" \
    "$source/drivers/media/test-drivers/vimc"
rm -rf gpio vimc
mkdir gpio
cp "$source/drivers/gpio/gpio-sim.c" gpio/gpio_sim_main.c
# irq_to_desc is not exported to modules; generic_handle_irq does the same by number.
sed 's/handle_simple_irq(irq_to_desc(\(.*\)))/generic_handle_irq(\1)/' \
    "$source/kernel/irq/irq_sim.c" >gpio/irq_sim.c
printf 'obj-m := gpio-sim.o\ngpio-sim-objs := gpio_sim_main.o irq_sim.o\n' >gpio/Makefile
cp -r "$source/drivers/media/test-drivers/vimc" vimc
printf 'obj-m := vimc.o\nvimc-y := %s\n' \
    "vimc-core.o vimc-common.o vimc-streamer.o vimc-capture.o vimc-debayer.o vimc-scaler.o vimc-sensor.o vimc-lens.o" \
    >vimc/Makefile
mkdir -p "/lib/modules/$kernel/updates"
for module in gpio:gpio-sim.ko vimc:vimc.ko; do
    folder=${module%%:*} file=${module##*:}
    make -s -C "/lib/modules/$kernel/build" "M=/usr/src/$folder" modules
    cp "$folder/$file" "/lib/modules/$kernel/updates/"
done
depmod "$kernel"
